-- Tags, topics, consent types and event types; `number` is a column, or the code of an event type.
CREATE TABLE vocabulary (
    account INTEGER NOT NULL REFERENCES account (key) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    definition_id TEXT NOT NULL,
    display_name TEXT NOT NULL,
    labels TEXT NOT NULL,
    properties TEXT NOT NULL,
    number INTEGER NOT NULL,
    create_millis INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (account, kind, definition_id)
);

-- Codes of event types are given once: events keep theirs for ever.
ALTER TABLE account ADD COLUMN next_event_code INTEGER NOT NULL DEFAULT 16;

CREATE TABLE campaign (
    account INTEGER NOT NULL REFERENCES account (key) ON DELETE CASCADE,
    campaign_id TEXT NOT NULL,
    title TEXT NOT NULL,
    list_ids TEXT NOT NULL,
    segment_ids TEXT NOT NULL,
    links TEXT NOT NULL,
    state INTEGER NOT NULL,
    sent_millis INTEGER,
    create_millis INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (account, campaign_id)
);
CREATE INDEX campaign_created ON campaign (account, create_millis, campaign_id);

-- Whom campaigns go to, to be found by list and by segment; `list_id` is the list itself, or the one that the segment stands on.
CREATE TABLE campaign_audience (
    account INTEGER NOT NULL,
    campaign_id TEXT NOT NULL,
    segment_id TEXT NOT NULL,
    list_id TEXT NOT NULL,
    PRIMARY KEY (account, campaign_id, segment_id, list_id),
    FOREIGN KEY (account, campaign_id) REFERENCES campaign (account, campaign_id) ON DELETE CASCADE
);
CREATE INDEX campaign_audience_segment ON campaign_audience (account, segment_id);
CREATE INDEX campaign_audience_list ON campaign_audience (account, list_id);
