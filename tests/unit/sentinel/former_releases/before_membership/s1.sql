PRAGMA application_id = 1986356340;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE change (
    group_name TEXT NOT NULL, term INTEGER NOT NULL, steps INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (group_name, term)
) WITHOUT ROWID;
INSERT INTO "change" VALUES('mymaster',1,0,CAST('{"group":"mymaster","term":1,"old_primary":null,"new_primary":"127.0.0.1:23488","cause":"bootstrap","leader":"s2","at_ms":1795855091522,"duration_ms":20,"timeline":[],"bytes_possibly_lost":null}' AS BLOB));
INSERT INTO "change" VALUES('mymaster',2,10,CAST('{"group":"mymaster","term":2,"old_primary":"127.0.0.1:23488","new_primary":"127.0.0.1:19872","cause":"refused","leader":"s2","at_ms":1795855096214,"duration_ms":574,"timeline":[{"name":"evidence","at_ms":0.0},{"name":"subjectively_down","at_ms":45.0},{"name":"objectively_down","at_ms":45.618},{"name":"elected","at_ms":326.627},{"name":"candidate_chosen","at_ms":327.0},{"name":"intent_committed","at_ms":389.618},{"name":"promoted","at_ms":573.14},{"name":"committed","at_ms":590.051},{"name":"repointed 127.0.0.1:10833","at_ms":677.15},{"name":"work_done","at_ms":685.404}],"bytes_possibly_lost":null}' AS BLOB));
INSERT INTO "change" VALUES('mymaster',4,10,CAST('{"group":"mymaster","term":4,"old_primary":"127.0.0.1:19872","new_primary":"127.0.0.1:23488","cause":"switchover","leader":"s1","at_ms":1795855097631,"duration_ms":275,"timeline":[{"name":"requested","at_ms":0.0},{"name":"elected","at_ms":189.36},{"name":"candidate_chosen","at_ms":247.336},{"name":"intent_committed","at_ms":351.179},{"name":"writes_paused","at_ms":362.009},{"name":"handed_over","at_ms":435.603},{"name":"promoted","at_ms":470.966},{"name":"committed","at_ms":530.678},{"name":"repointed 127.0.0.1:10833","at_ms":580.42},{"name":"work_done","at_ms":584.964}],"bytes_possibly_lost":0}' AS BLOB));
CREATE TABLE hard_state (
    group_name TEXT PRIMARY KEY, body BLOB NOT NULL, crc INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO "hard_state" VALUES('mymaster',CAST('{"term":5,"voted_for":"s1","entry":{"term":5,"seq":6,"topology":{"primary":"127.0.0.1:23488","term":4,"previous":"127.0.0.1:19872","cause":"switchover","leader":"s1","since_ms":1795855097631,"duration_ms":275,"lost_bytes":0},"intent":null,"directives":{"pause":{"since_ms":1795855100229,"by":"s1","reason":"an upgrade"},"schedule":null,"closed":null}},"committed":{"term":5,"seq":6,"topology":{"primary":"127.0.0.1:23488","term":4,"previous":"127.0.0.1:19872","cause":"switchover","leader":"s1","since_ms":1795855097631,"duration_ms":275,"lost_bytes":0},"intent":null,"directives":{"pause":{"since_ms":1795855100229,"by":"s1","reason":"an upgrade"},"schedule":null,"closed":null}},"promised_ms":0}' AS BLOB),78411712);
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "meta" VALUES('boot','1795855094');
INSERT INTO "meta" VALUES('sentinel_id','s1');
CREATE TABLE outbox (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL, endpoint TEXT NOT NULL, state TEXT NOT NULL, type TEXT NOT NULL,
    body TEXT NOT NULL, created_s REAL NOT NULL, due_s REAL NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0, last_error TEXT NOT NULL DEFAULT '',
    UNIQUE (event_id, endpoint)
);
CREATE TABLE setting (
    group_name TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (group_name, key)
) WITHOUT ROWID;
CREATE TABLE settled (event_id TEXT PRIMARY KEY, at_s REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX outbox_by_state ON outbox (state, row_id);
CREATE INDEX settled_by_age ON settled (at_s);
DELETE FROM "sqlite_sequence";
COMMIT;
