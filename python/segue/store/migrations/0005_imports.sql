-- What an import was opened with, as JSON, beside what queries look at.
ALTER TABLE import ADD COLUMN import_id TEXT NOT NULL DEFAULT '';
ALTER TABLE import ADD COLUMN action INTEGER NOT NULL DEFAULT 1;
ALTER TABLE import ADD COLUMN rules TEXT NOT NULL DEFAULT '{}';
ALTER TABLE import ADD COLUMN validate_only INTEGER NOT NULL DEFAULT 0;
ALTER TABLE import ADD COLUMN create_millis INTEGER NOT NULL DEFAULT 0;
ALTER TABLE import ADD COLUMN actor TEXT NOT NULL DEFAULT '';

-- What execution found.
ALTER TABLE import ADD COLUMN repeated_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE import ADD COLUMN not_honored_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE import ADD COLUMN unwritten_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE import ADD COLUMN erased_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE import ADD COLUMN tick_millis INTEGER NOT NULL DEFAULT 0;
ALTER TABLE import ADD COLUMN review BLOB;

-- An undo, and what it undoes.
ALTER TABLE import ADD COLUMN undoes INTEGER;
ALTER TABLE import ADD COLUMN undo_nonce TEXT NOT NULL DEFAULT '';
ALTER TABLE import ADD COLUMN undo_revision INTEGER NOT NULL DEFAULT 0;
UPDATE import SET import_id = lower(hex(randomblob(16)));
CREATE UNIQUE INDEX import_id ON import (import_id);
CREATE INDEX import_undoes ON import (undoes) WHERE undoes IS NOT NULL;

-- How a part is compressed; its bytes are kept as they came.
ALTER TABLE import_part ADD COLUMN compression INTEGER NOT NULL DEFAULT 0;

-- Whom to tell of an export or an import, and what became of it; the account is the job's. Keys are never used again.
CREATE TABLE notification (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    export INTEGER UNIQUE REFERENCES export (key) ON DELETE CASCADE,
    import INTEGER UNIQUE REFERENCES import (key) ON DELETE CASCADE,
    account INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    address TEXT NOT NULL,
    state INTEGER NOT NULL,
    attempt_count INTEGER NOT NULL DEFAULT 0,
    due_millis INTEGER,
    CHECK ((export IS NULL) <> (import IS NULL))
);
CREATE INDEX notification_due ON notification (due_millis) WHERE due_millis IS NOT NULL;

CREATE TABLE notification_attempt (
    notification INTEGER NOT NULL REFERENCES notification (key) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    millis INTEGER NOT NULL,
    status_code INTEGER NOT NULL,
    error TEXT NOT NULL,
    PRIMARY KEY (notification, number)
);

INSERT INTO notification (export, account, kind, address, state, attempt_count, due_millis)
SELECT n.export, e.account, n.kind, n.address, n.state, n.attempt_count, n.due_millis
FROM export_notification n JOIN export e ON e.key = n.export ORDER BY n.export;
INSERT INTO notification_attempt (notification, number, millis, status_code, error)
SELECT n.key, a.number, a.millis, a.status_code, a.error
FROM export_notification_attempt a JOIN notification n ON n.export = a.export;
DROP TABLE export_notification_attempt;
DROP TABLE export_notification;

-- What was done in bulk, and by whose key.
CREATE TABLE audit_entry (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES account (key) ON DELETE CASCADE,
    millis INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    resource TEXT NOT NULL,
    revision INTEGER NOT NULL,
    counts TEXT NOT NULL
);
CREATE INDEX audit_entry_account ON audit_entry (account, key);
