-- Where the bytes of a part begin in the file of its import; NULL where `data` holds them, as it does those of small parts.
ALTER TABLE import_part ADD COLUMN place INTEGER;
