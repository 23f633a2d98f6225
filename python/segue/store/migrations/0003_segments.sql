-- Rules keep the form in which they were written.
ALTER TABLE segment RENAME COLUMN rule_groups TO rules;
ALTER TABLE segment ADD COLUMN rules_form TEXT NOT NULL DEFAULT 'groups';
ALTER TABLE segment ADD COLUMN is_system INTEGER NOT NULL DEFAULT 0;
UPDATE segment SET rules = '' WHERE rules = '[]';

-- Every list has the six engagement segments; a segment that has a title of theirs already gets its id behind it.
UPDATE segment SET title = title || ' ' || segment_id, folded_title = folded_title || ' ' || segment_id
WHERE list_id <> '' AND folded_title IN ('active', 'engaged', 'unengaged', 'dormant', 'zombies', 'ghosts');

INSERT INTO segment
    (account, segment_id, list_id, title, folded_title, rules_form, rules, is_system, create_millis, update_millis, version)
SELECT list.account, lower(hex(randomblob(16))), list.list_id, system.title, lower(system.title), 'groups',
    '[[["EngagementSegment", "' || system.title || '"]]]', 1, list.create_millis, list.create_millis, 1
FROM list, (
    SELECT 'Active' AS title UNION ALL SELECT 'Engaged' UNION ALL SELECT 'Unengaged'
    UNION ALL SELECT 'Dormant' UNION ALL SELECT 'Zombies' UNION ALL SELECT 'Ghosts'
) AS system;

-- Segments as they were: the newest revision is what the segment is now.
CREATE TABLE segment_revision (
    account INTEGER NOT NULL,
    segment_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    title TEXT NOT NULL,
    rules_form TEXT NOT NULL,
    rules TEXT NOT NULL,
    author TEXT NOT NULL,
    create_millis INTEGER NOT NULL,
    PRIMARY KEY (account, segment_id, number),
    FOREIGN KEY (account, segment_id) REFERENCES segment (account, segment_id) ON DELETE CASCADE
);
INSERT INTO segment_revision (account, segment_id, number, title, rules_form, rules, author, create_millis)
SELECT account, segment_id, version, title, rules_form, rules, 'system', update_millis FROM segment;

-- What an increment's members were when the one before was made; the condition as of that moment.
ALTER TABLE export ADD COLUMN condition_before BLOB;
ALTER TABLE export ADD COLUMN before_millis INTEGER;
