PRAGMA application_id = 1986356340;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE change (
    group_name TEXT NOT NULL, term INTEGER NOT NULL, steps INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (group_name, term)
) WITHOUT ROWID;
INSERT INTO "change" VALUES('mymaster',1,3,CAST('{"group":"mymaster","term":1,"old_primary":null,"new_primary":"127.0.0.1:11301","cause":"bootstrap","leader":"s3","at_ms":1795855140958,"duration_ms":9,"timeline":[{"name":"elected","at_ms":0.0},{"name":"committed","at_ms":17.979},{"name":"work_done","at_ms":33.609}],"bytes_possibly_lost":null,"may_have_lost":null}' AS BLOB));
INSERT INTO "change" VALUES('mymaster',2,10,CAST('{"group":"mymaster","term":2,"old_primary":"127.0.0.1:11301","new_primary":"127.0.0.1:31827","cause":"refused","leader":"s2","at_ms":1795855141096,"duration_ms":59,"timeline":[{"name":"evidence","at_ms":0.0},{"name":"subjectively_down","at_ms":31.0},{"name":"objectively_down","at_ms":32.646},{"name":"elected","at_ms":44.072},{"name":"candidate_chosen","at_ms":44.335},{"name":"intent_committed","at_ms":53.165},{"name":"promoted","at_ms":58.796},{"name":"committed","at_ms":68.97},{"name":"repointed 127.0.0.1:16877","at_ms":83.791},{"name":"work_done","at_ms":92.266}],"bytes_possibly_lost":null,"may_have_lost":null}' AS BLOB));
CREATE TABLE hard_state (
    group_name TEXT PRIMARY KEY, body BLOB NOT NULL, crc INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO "hard_state" VALUES('mymaster',CAST('{"term":4,"voted_for":"s1","entry":{"term":4,"seq":4,"topology":{"primary":"127.0.0.1:31827","term":2,"previous":"127.0.0.1:11301","cause":"refused","leader":"s2","since_ms":1795855141096,"duration_ms":59,"lost_bytes":null,"may_have_lost":null,"primary_at":{"host":"127.0.0.1","port":31827,"announce_host":null,"announce_port":null,"run_id":"73565a07fcab9356b2a4db0462d60187bd589463"},"previous_at":{"host":"127.0.0.1","port":11301,"announce_host":null,"announce_port":null,"run_id":"81418e9a42000b011084d9e0b045d80b4f596800"}},"intent":null,"directives":{"pause":{"since_ms":1795855144486,"by":"s1","reason":"an upgrade"},"schedule":null,"closed":null}},"committed":{"term":4,"seq":4,"topology":{"primary":"127.0.0.1:31827","term":2,"previous":"127.0.0.1:11301","cause":"refused","leader":"s2","since_ms":1795855141096,"duration_ms":59,"lost_bytes":null,"may_have_lost":null,"primary_at":{"host":"127.0.0.1","port":31827,"announce_host":null,"announce_port":null,"run_id":"73565a07fcab9356b2a4db0462d60187bd589463"},"previous_at":{"host":"127.0.0.1","port":11301,"announce_host":null,"announce_port":null,"run_id":"81418e9a42000b011084d9e0b045d80b4f596800"}},"intent":null,"directives":{"pause":{"since_ms":1795855144486,"by":"s1","reason":"an upgrade"},"schedule":null,"closed":null}},"promised_ms":0,"membership":{"voters":["s1","s2","s3"],"epoch":0,"former":[]}}' AS BLOB),857485290);
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "meta" VALUES('boot','1795855140');
INSERT INTO "meta" VALUES('file','2665297.336305336');
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
