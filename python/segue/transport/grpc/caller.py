"""Who makes the call that is being served."""

from contextvars import ContextVar

from segue.domain.key import Principal

CALLER: ContextVar[Principal] = ContextVar("segue_caller")
"""Set by the interceptor before a servicer runs; each call is served in a context of its own."""
