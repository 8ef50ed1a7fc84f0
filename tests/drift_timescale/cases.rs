//! Every attribute of every kind, changed one at a time: what is done, what undoes it, what must be found.

/// One change by hand.
pub struct Case {
    pub kind: &'static str,
    pub change: &'static str,
    /// By hand, without sgmp-db.
    pub revert: &'static str,
    /// `kind name change` of an object, or `kind name path change` of a part of one; separated by `; `.
    pub finding: &'static str,
    pub repair: Repairable,
}

/// What `diff --sql --allow-destructive` leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repairable {
    /// In sync again.
    Yes,
    /// Only told: row-level policies and composite types may be, and what no statement changes.
    No,
}

const fn case(
    kind: &'static str,
    change: &'static str,
    revert: &'static str,
    finding: &'static str,
) -> Case {
    Case {
        kind,
        change,
        revert,
        finding,
        repair: Repairable::Yes,
    }
}

const fn told(
    kind: &'static str,
    change: &'static str,
    revert: &'static str,
    finding: &'static str,
) -> Case {
    Case {
        kind,
        change,
        revert,
        finding,
        repair: Repairable::No,
    }
}

/// On any server.
#[rustfmt::skip]
pub const EVERYWHERE: &[Case] = &[
    // extensions
    told("extension", "CREATE EXTENSION pgcrypto", "DROP EXTENSION pgcrypto", "extension pgcrypto unexpected"),
    // schemas
    case("schema", "CREATE SCHEMA stray", "DROP SCHEMA stray", "schema stray unexpected"),
    case("schema", "DROP SCHEMA spare", "CREATE SCHEMA spare", "schema spare missing"),
    case("schema", "ALTER SCHEMA spare RENAME TO spared", "ALTER SCHEMA spared RENAME TO spare", "schema spare missing; schema spared unexpected"),
    // enums
    case("enum", "CREATE TYPE stray AS ENUM ('a')", "DROP TYPE stray", "enum stray unexpected"),
    case("enum", "ALTER TYPE mood ADD VALUE 'angry'", "ALTER TYPE mood RENAME TO old; CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy'); ALTER TABLE house ALTER feeling DROP DEFAULT, ALTER feeling TYPE mood USING feeling::text::mood, ALTER feeling SET DEFAULT 'ok'; DROP TYPE old", "enum mood values changed"),
    case("enum", "ALTER TYPE mood RENAME VALUE 'happy' TO 'glad'", "ALTER TYPE mood RENAME VALUE 'glad' TO 'happy'", "enum mood values changed"),
    case("enum", "ALTER TYPE mood RENAME TO humour", "ALTER TYPE humour RENAME TO mood", "enum humour unexpected; enum mood missing; table house columns.feeling.default changed; table house columns.feeling.type changed"),
    // domains
    case("domain", "CREATE DOMAIN stray AS text", "DROP DOMAIN stray", "domain stray unexpected"),
    case("domain", "ALTER DOMAIN positive SET DEFAULT 1", "ALTER DOMAIN positive DROP DEFAULT", "domain positive default unexpected"),
    case("domain", "ALTER DOMAIN code SET NOT NULL", "ALTER DOMAIN code DROP NOT NULL", "domain code not_null unexpected"),
    case("domain", "ALTER DOMAIN code ADD CONSTRAINT short CHECK (length(VALUE) < 5)", "ALTER DOMAIN code DROP CONSTRAINT short", "domain code checks unexpected"),
    case("domain", "ALTER DOMAIN positive DROP CONSTRAINT positive_check", "ALTER DOMAIN positive ADD CONSTRAINT positive_check CHECK (VALUE > 0)", "domain positive checks missing"),
    case("domain", "ALTER DOMAIN positive RENAME CONSTRAINT positive_check TO renamed", "ALTER DOMAIN positive RENAME CONSTRAINT renamed TO positive_check", "domain positive checks.positive_check missing; domain positive checks.renamed unexpected"),
    case("domain", "ALTER TABLE house ALTER tag TYPE text; DROP DOMAIN code; CREATE DOMAIN code AS varchar(9); ALTER TABLE house ALTER tag TYPE code", "ALTER TABLE house ALTER tag TYPE text; DROP DOMAIN code; CREATE DOMAIN code AS varchar(8); ALTER TABLE house ALTER tag TYPE code", "domain code type changed"),
    // composite types
    told("composite_type", "ALTER TYPE app.pair ADD ATTRIBUTE z integer", "ALTER TYPE app.pair DROP ATTRIBUTE z", "composite_type app.pair attributes.z unexpected"),
    told("composite_type", "ALTER TYPE app.pair ALTER ATTRIBUTE x TYPE bigint", "ALTER TYPE app.pair ALTER ATTRIBUTE x TYPE integer", "composite_type app.pair attributes.x changed"),
    told("composite_type", "ALTER TYPE app.pair RENAME ATTRIBUTE x TO z", "ALTER TYPE app.pair RENAME ATTRIBUTE z TO x", "composite_type app.pair attributes.x missing; composite_type app.pair attributes.z unexpected"),
    case("composite_type", "DROP TYPE app.pair", "CREATE TYPE app.pair AS (x integer, y text)", "composite_type app.pair missing"),
    case("composite_type", "CREATE TYPE stray AS (a integer)", "DROP TYPE stray", "composite_type stray unexpected"),
    // ranges
    case("range_type", "DROP TYPE span", "CREATE TYPE span AS RANGE (SUBTYPE = double precision)", "range_type span missing"),
    case("range_type", "DROP TYPE span; CREATE TYPE span AS RANGE (SUBTYPE = double precision, SUBTYPE_DIFF = float8mi)", "DROP TYPE span; CREATE TYPE span AS RANGE (SUBTYPE = double precision)", "range_type span subtype_diff unexpected"),
    case("range_type", "DROP TYPE span; CREATE TYPE span AS RANGE (SUBTYPE = real)", "DROP TYPE span; CREATE TYPE span AS RANGE (SUBTYPE = double precision)", "range_type span subtype changed"),
    case("range_type", "CREATE TYPE stray AS RANGE (SUBTYPE = real)", "DROP TYPE stray", "range_type stray unexpected"),
    // sequences
    case("sequence", "CREATE SEQUENCE stray", "DROP SEQUENCE stray", "sequence stray unexpected"),
    case("sequence", "DROP SEQUENCE counter", "CREATE SEQUENCE counter", "sequence counter missing"),
    case("sequence", "ALTER SEQUENCE counter RENAME TO counted", "ALTER SEQUENCE counted RENAME TO counter", "sequence counted unexpected; sequence counter missing"),
    case("sequence", "ALTER SEQUENCE counter INCREMENT 2", "ALTER SEQUENCE counter INCREMENT 1", "sequence counter increment unexpected"),
    case("sequence", "ALTER SEQUENCE counter AS integer", "ALTER SEQUENCE counter AS bigint", "sequence counter type changed"),
    case("sequence", "ALTER SEQUENCE counter MAXVALUE 100", "ALTER SEQUENCE counter NO MAXVALUE", "sequence counter max unexpected"),
    case("sequence", "ALTER SEQUENCE counter MINVALUE 0", "ALTER SEQUENCE counter MINVALUE 1", "sequence counter min unexpected; sequence counter start unexpected"),
    case("sequence", "ALTER SEQUENCE counter START 5", "ALTER SEQUENCE counter START 1", "sequence counter start unexpected"),
    case("sequence", "ALTER SEQUENCE counter CACHE 5", "ALTER SEQUENCE counter CACHE 1", "sequence counter cache unexpected"),
    case("sequence", "ALTER SEQUENCE counter CYCLE", "ALTER SEQUENCE counter NO CYCLE", "sequence counter cycle unexpected"),
    // tables
    case("table", "CREATE TABLE stray (a integer)", "DROP TABLE stray", "table stray unexpected"),
    case("table", "DROP TABLE child", "CREATE TABLE child (c integer) INHERITS (parent)", "table child missing"),
    case("table", "ALTER TABLE child RENAME TO kid", "ALTER TABLE kid RENAME TO child", "table child missing; table kid unexpected"),
    case("table", "ALTER TABLE plain SET UNLOGGED", "ALTER TABLE plain SET LOGGED", "table plain unlogged unexpected"),
    case("table", "ALTER TABLE plain SET (fillfactor = 70)", "ALTER TABLE plain RESET (fillfactor)", "table plain options unexpected"),
    case("table", "ALTER TABLE plain ENABLE ROW LEVEL SECURITY", "ALTER TABLE plain DISABLE ROW LEVEL SECURITY", "table plain row_security unexpected"),
    case("table", "ALTER TABLE plain FORCE ROW LEVEL SECURITY", "ALTER TABLE plain NO FORCE ROW LEVEL SECURITY", "table plain force_row_security unexpected"),
    case("table", "ALTER TABLE plain REPLICA IDENTITY FULL", "ALTER TABLE plain REPLICA IDENTITY DEFAULT", "table plain replica_identity unexpected"),
    case("table", "ALTER TABLE child NO INHERIT parent", "ALTER TABLE child INHERIT parent", "table child columns.a unexpected; table child columns.b unexpected; table child inherits missing"),
    case("table", "ALTER TABLE app.log DETACH PARTITION app.log_2024", "ALTER TABLE app.log ATTACH PARTITION app.log_2024 FOR VALUES FROM ('2024-01-01 00:00:00+00') TO ('2025-01-01 00:00:00+00')", "table app.log_2024 columns.at unexpected; table app.log_2024 columns.message unexpected; table app.log_2024 columns.part unexpected; table app.log_2024 columns.place unexpected; table app.log_2024 partition_of missing"),
    case("table", "CREATE TABLE app.log_2025 PARTITION OF app.log FOR VALUES FROM ('2025-01-01 00:00:00+00') TO ('2026-01-01 00:00:00+00')", "DROP TABLE app.log_2025", "table app.log_2025 unexpected"),
    // columns
    case("column", "ALTER TABLE device ADD COLUMN stray integer", "ALTER TABLE device DROP COLUMN stray", "table device columns.stray unexpected"),
    case("column", "ALTER TABLE reading ADD COLUMN stray integer", "ALTER TABLE reading DROP COLUMN stray", "table reading columns.stray unexpected"),
    case("column", "ALTER TABLE house DROP COLUMN tag", "ALTER TABLE house ADD COLUMN tag code", "table house columns.tag missing"),
    case("column", "ALTER TABLE reading DROP COLUMN note", "ALTER TABLE reading ADD COLUMN note text", "table reading columns.note missing"),
    case("column", "ALTER TABLE house RENAME COLUMN tag TO label", "ALTER TABLE house RENAME COLUMN label TO tag", "table house columns.label unexpected; table house columns.tag missing"),
    case("column", "ALTER TABLE reading RENAME COLUMN note TO remark", "ALTER TABLE reading RENAME COLUMN remark TO note", "table reading columns.note missing; table reading columns.remark unexpected"),
    case("column", "ALTER TABLE house ALTER name TYPE varchar(65)", "ALTER TABLE house ALTER name TYPE varchar(64)", "table house columns.name.type changed"),
    case("column", "ALTER TABLE reading ALTER value TYPE real", "ALTER TABLE reading ALTER value TYPE double precision", "table reading columns.value.type changed"),
    case("column", "DROP VIEW above; DROP VIEW device_view; ALTER TABLE device ALTER label TYPE varchar(50); CREATE VIEW device_view AS SELECT id, label, price FROM device WHERE price > 0; CREATE VIEW above WITH (security_barrier = true) AS SELECT id, label FROM device_view", "DROP VIEW above; DROP VIEW device_view; ALTER TABLE device ALTER label TYPE text; CREATE VIEW device_view AS SELECT id, label, price FROM device WHERE price > 0; CREATE VIEW above WITH (security_barrier = true) AS SELECT id, label FROM device_view", "index device.device_lower keys changed; table device columns.label.type changed; view above columns.label changed; view device_view columns.label changed"),
    case("column", "ALTER TABLE device ALTER changed TYPE timestamptz", "ALTER TABLE device ALTER changed TYPE timestamptz(3)", "table device columns.changed.type changed"),
    case("column", "ALTER TABLE device ALTER house_id DROP NOT NULL", "ALTER TABLE device ALTER house_id SET NOT NULL", "table device columns.house_id.nullable changed"),
    case("column", "ALTER TABLE reading ALTER value SET NOT NULL", "ALTER TABLE reading ALTER value DROP NOT NULL", "table reading columns.value.nullable changed"),
    case("column", "ALTER TABLE device ALTER price SET DEFAULT 1", "ALTER TABLE device ALTER price SET DEFAULT 0", "table device columns.price.default changed"),
    case("column", "ALTER TABLE device ALTER price DROP DEFAULT", "ALTER TABLE device ALTER price SET DEFAULT 0", "table device columns.price.default missing"),
    case("column", "ALTER TABLE device ALTER label SET DEFAULT 'x'", "ALTER TABLE device ALTER label DROP DEFAULT", "table device columns.label.default unexpected"),
    case("column", "ALTER TABLE house ALTER house_id SET GENERATED ALWAYS", "ALTER TABLE house ALTER house_id SET GENERATED BY DEFAULT", "table house columns.house_id.identity changed"),
    case("column", "ALTER TABLE house ALTER house_id SET INCREMENT 5", "ALTER TABLE house ALTER house_id SET INCREMENT 1", "table house columns.house_id.sequence.increment unexpected"),
    case("column", "ALTER TABLE house ALTER house_id DROP IDENTITY", "ALTER TABLE house ALTER house_id ADD GENERATED BY DEFAULT AS IDENTITY", "table house columns.house_id.identity missing; table house columns.house_id.sequence missing"),
    case("column", "ALTER TABLE device ALTER taxed DROP EXPRESSION", "ALTER TABLE device DROP COLUMN taxed, ADD COLUMN taxed numeric GENERATED ALWAYS AS (price * 1.2) STORED", "table device columns.taxed.generated missing"),
    case("column", "ALTER SEQUENCE device_id_seq RENAME TO ids", "ALTER SEQUENCE ids RENAME TO device_id_seq", "table device columns.id.default changed; table device columns.id.sequence.name changed"),
    case("column", "ALTER SEQUENCE device_id_seq CACHE 10", "ALTER SEQUENCE device_id_seq CACHE 1", "table device columns.id.sequence.cache unexpected"),
    case("column", "ALTER SEQUENCE device_id_seq OWNED BY NONE", "ALTER SEQUENCE device_id_seq OWNED BY device.id", "sequence device_id_seq unexpected; table device columns.id.sequence missing"),
    case("column", "ALTER TABLE device ALTER word TYPE text COLLATE \"default\"", "ALTER TABLE device ALTER word TYPE text COLLATE \"C\"", "table device columns.word.collation missing"),
    case("column", "ALTER TABLE device ALTER data SET STORAGE external", "ALTER TABLE device ALTER data SET STORAGE extended", "table device columns.data.storage unexpected"),
    case("column", "ALTER TABLE plain DROP COLUMN value, ADD COLUMN first integer, ADD COLUMN value double precision", "ALTER TABLE plain DROP COLUMN first", "table plain columns.first unexpected"),
    case("column", "ALTER TABLE parent DROP COLUMN a, ADD COLUMN a integer", "DROP TABLE child; DROP TABLE parent; CREATE TABLE parent (a integer, b text); CREATE TABLE child (c integer) INHERITS (parent)", "table parent column_order changed"),
    case("column", "ALTER TABLE house DROP COLUMN name, ADD COLUMN name varchar(64) NOT NULL DEFAULT 'x'; ALTER TABLE house ALTER name DROP DEFAULT", "", "table house column_order changed"),
    // indexes
    case("index", "CREATE INDEX stray ON device (price)", "DROP INDEX stray", "index device.stray unexpected"),
    case("index", "CREATE INDEX stray ON reading (value)", "DROP INDEX stray", "index reading.stray unexpected"),
    case("index", "DROP INDEX device_data", "CREATE INDEX device_data ON device USING gin (data jsonb_path_ops)", "index device.device_data missing"),
    case("index", "DROP INDEX reading_device", "CREATE INDEX reading_device ON reading (device, at DESC)", "index reading.reading_device missing"),
    case("index", "DROP INDEX reading_at_idx", "CREATE INDEX reading_at_idx ON reading (at DESC)", "index reading.reading_at_idx missing"),
    case("index", "ALTER INDEX device_data RENAME TO device_json", "ALTER INDEX device_json RENAME TO device_data", "index device.device_data missing; index device.device_json unexpected"),
    case("index", "DROP INDEX device_data; CREATE INDEX device_data ON device USING gin (data)", "DROP INDEX device_data; CREATE INDEX device_data ON device USING gin (data jsonb_path_ops)", "index device.device_data keys changed"),
    case("index", "DROP INDEX device_changed; CREATE INDEX device_changed ON device (changed DESC, id) INCLUDE (price) WHERE label IS NOT NULL", "DROP INDEX device_changed; CREATE INDEX device_changed ON device (changed DESC NULLS LAST, id) INCLUDE (price) WHERE label IS NOT NULL", "index device.device_changed keys changed"),
    case("index", "DROP INDEX device_changed; CREATE INDEX device_changed ON device (changed DESC NULLS LAST, id) WHERE label IS NOT NULL", "DROP INDEX device_changed; CREATE INDEX device_changed ON device (changed DESC NULLS LAST, id) INCLUDE (price) WHERE label IS NOT NULL", "index device.device_changed include missing"),
    case("index", "DROP INDEX device_changed; CREATE INDEX device_changed ON device (changed DESC NULLS LAST, id) INCLUDE (price) WHERE label IS NULL", "DROP INDEX device_changed; CREATE INDEX device_changed ON device (changed DESC NULLS LAST, id) INCLUDE (price) WHERE label IS NOT NULL", "index device.device_changed predicate changed"),
    case("index", "DROP INDEX device_changed; CREATE INDEX device_changed ON device (changed DESC NULLS LAST, id) INCLUDE (price)", "DROP INDEX device_changed; CREATE INDEX device_changed ON device (changed DESC NULLS LAST, id) INCLUDE (price) WHERE label IS NOT NULL", "index device.device_changed predicate missing"),
    case("index", "DROP INDEX device_lower; CREATE INDEX device_lower ON device (upper(label) text_pattern_ops)", "DROP INDEX device_lower; CREATE INDEX device_lower ON device (lower(label) text_pattern_ops)", "index device.device_lower keys changed"),
    case("index", "DROP INDEX device_word; CREATE INDEX device_word ON device (word)", "DROP INDEX device_word; CREATE UNIQUE INDEX device_word ON device (word)", "index device.device_word unique missing"),
    case("index", "DROP INDEX device_word; CREATE UNIQUE INDEX device_word ON device (word) NULLS NOT DISTINCT", "DROP INDEX device_word; CREATE UNIQUE INDEX device_word ON device (word)", "index device.device_word nulls_not_distinct unexpected"),
    case("index", "DROP INDEX device_lower; CREATE INDEX device_lower ON device USING hash (lower(label) text_pattern_ops)", "DROP INDEX device_lower; CREATE INDEX device_lower ON device (lower(label) text_pattern_ops)", "index device.device_lower method changed"),
    case("index", "ALTER INDEX device_lower SET (fillfactor = 60)", "ALTER INDEX device_lower RESET (fillfactor)", "index device.device_lower options unexpected"),
    case("index", "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'device_lower'::regclass", "REINDEX INDEX device_lower", "index device.device_lower invalid unexpected"),
    // constraints
    case("constraint", "ALTER TABLE house ADD CONSTRAINT stray CHECK (size < 9)", "ALTER TABLE house DROP CONSTRAINT stray", "constraint house.stray unexpected"),
    case("constraint", "ALTER TABLE reading ADD CONSTRAINT stray CHECK (value < 9)", "ALTER TABLE reading DROP CONSTRAINT stray", "constraint reading.stray unexpected"),
    case("constraint", "ALTER TABLE device DROP CONSTRAINT device_price", "ALTER TABLE device ADD CONSTRAINT device_price CHECK (price >= 0)", "constraint device.device_price missing"),
    case("constraint", "ALTER TABLE device RENAME CONSTRAINT device_price TO cheap", "ALTER TABLE device RENAME CONSTRAINT cheap TO device_price", "constraint device.cheap unexpected; constraint device.device_price missing"),
    case("constraint", "ALTER TABLE device DROP CONSTRAINT device_price, ADD CONSTRAINT device_price CHECK (price > 0)", "ALTER TABLE device DROP CONSTRAINT device_price, ADD CONSTRAINT device_price CHECK (price >= 0)", "constraint device.device_price expression changed"),
    case("constraint", "ALTER TABLE device DROP CONSTRAINT device_price, ADD CONSTRAINT device_price CHECK (price >= 0) NOT VALID", "ALTER TABLE device VALIDATE CONSTRAINT device_price", "constraint device.device_price not_valid unexpected"),
    case("constraint", "ALTER TABLE device DROP CONSTRAINT device_price, ADD CONSTRAINT device_price CHECK (price >= 0) NO INHERIT", "ALTER TABLE device DROP CONSTRAINT device_price, ADD CONSTRAINT device_price CHECK (price >= 0)", "constraint device.device_price no_inherit unexpected"),
    case("constraint", "ALTER TABLE device DROP CONSTRAINT device_house", "ALTER TABLE device ADD CONSTRAINT device_house FOREIGN KEY (house_id) REFERENCES house", "constraint device.device_house missing"),
    case("constraint", "ALTER TABLE device DROP CONSTRAINT device_house, ADD CONSTRAINT device_house FOREIGN KEY (house_id) REFERENCES house ON DELETE CASCADE", "ALTER TABLE device DROP CONSTRAINT device_house, ADD CONSTRAINT device_house FOREIGN KEY (house_id) REFERENCES house", "constraint device.device_house on_delete unexpected"),
    case("constraint", "ALTER TABLE device DROP CONSTRAINT device_house, ADD CONSTRAINT device_house FOREIGN KEY (house_id) REFERENCES house ON UPDATE SET NULL", "ALTER TABLE device DROP CONSTRAINT device_house, ADD CONSTRAINT device_house FOREIGN KEY (house_id) REFERENCES house", "constraint device.device_house on_update unexpected"),
    case("constraint", "ALTER TABLE device DROP CONSTRAINT device_house, ADD CONSTRAINT device_house FOREIGN KEY (house_id) REFERENCES house MATCH FULL", "ALTER TABLE device DROP CONSTRAINT device_house, ADD CONSTRAINT device_house FOREIGN KEY (house_id) REFERENCES house", "constraint device.device_house match_type unexpected"),
    case("constraint", "ALTER TABLE device ALTER CONSTRAINT device_house DEFERRABLE", "ALTER TABLE device ALTER CONSTRAINT device_house NOT DEFERRABLE", "constraint device.device_house deferrable unexpected"),
    case("constraint", "ALTER TABLE device ALTER CONSTRAINT device_house DEFERRABLE INITIALLY DEFERRED", "ALTER TABLE device ALTER CONSTRAINT device_house NOT DEFERRABLE", "constraint device.device_house deferrable unexpected; constraint device.device_house initially_deferred unexpected"),
    case("constraint", "ALTER TABLE device DROP CONSTRAINT device_label", "ALTER TABLE device ADD CONSTRAINT device_label UNIQUE (house_id, label)", "constraint device.device_label missing"),
    case("constraint", "ALTER TABLE device DROP CONSTRAINT device_label, ADD CONSTRAINT device_label UNIQUE (label, house_id)", "ALTER TABLE device DROP CONSTRAINT device_label, ADD CONSTRAINT device_label UNIQUE (house_id, label)", "constraint device.device_label columns changed"),
    case("constraint", "ALTER TABLE device DROP CONSTRAINT device_label, ADD CONSTRAINT device_label UNIQUE (house_id, label) INCLUDE (price)", "ALTER TABLE device DROP CONSTRAINT device_label, ADD CONSTRAINT device_label UNIQUE (house_id, label)", "constraint device.device_label include unexpected"),
    case("constraint", "ALTER TABLE device DROP CONSTRAINT device_pkey", "ALTER TABLE device ADD CONSTRAINT device_pkey PRIMARY KEY (id)", "constraint device.device_pkey missing"),
    case("constraint", "ALTER TABLE device DROP CONSTRAINT device_pkey, ADD CONSTRAINT device_pkey PRIMARY KEY (id, house_id)", "ALTER TABLE device DROP CONSTRAINT device_pkey, ADD CONSTRAINT device_pkey PRIMARY KEY (id)", "constraint device.device_pkey columns changed"),
    case("constraint", "ALTER TABLE device DROP CONSTRAINT device_during", "ALTER TABLE device ADD CONSTRAINT device_during EXCLUDE USING gist (during WITH &&)", "constraint device.device_during missing"),
    case("constraint", "ALTER TABLE device DROP CONSTRAINT device_during, ADD CONSTRAINT device_during EXCLUDE USING gist (during WITH &&) WHERE (price > 1)", "ALTER TABLE device DROP CONSTRAINT device_during, ADD CONSTRAINT device_during EXCLUDE USING gist (during WITH &&)", "constraint device.device_during expression changed"),
    // what is said of parts
    case("attribute", "ALTER VIEW device_view ALTER COLUMN label SET DEFAULT 'x'", "ALTER VIEW device_view ALTER COLUMN label DROP DEFAULT", "view device_view defaults unexpected"),
    case("attribute", "ALTER TABLE device ALTER COLUMN word SET COMPRESSION pglz", "ALTER TABLE device ALTER COLUMN word SET COMPRESSION DEFAULT", "table device columns.word.compression unexpected"),
    case("attribute", "ALTER TABLE app.log_2024 DISABLE TRIGGER log_stamp", "ALTER TABLE app.log_2024 ENABLE TRIGGER log_stamp", "trigger app.log.log_stamp partitions unexpected"),
    case("attribute", "ALTER TABLE app.log DISABLE TRIGGER log_stamp; ALTER TABLE app.log_2024 ENABLE ALWAYS TRIGGER log_stamp", "ALTER TABLE app.log ENABLE TRIGGER log_stamp", "trigger app.log.log_stamp enabled unexpected; trigger app.log.log_stamp partitions unexpected"),
    // lengths of chunks
    case("interval", "SELECT set_chunk_time_interval('reading', INTERVAL '1 day')", "SELECT set_chunk_time_interval('reading', INTERVAL '7 days')", "hypertable reading chunk_interval changed"),
    case("interval", "SELECT set_chunk_time_interval('spaced', 500)", "SELECT set_chunk_time_interval('spaced', 1000)", "hypertable spaced chunk_interval changed"),
    // extended statistics
    case("statistics", "CREATE STATISTICS stray ON label, price FROM device", "DROP STATISTICS stray", "statistics device.stray unexpected"),
    case("statistics", "DROP STATISTICS device_both", "CREATE STATISTICS device_both (ndistinct, dependencies) ON label, price FROM device", "statistics device.device_both missing"),
    case("statistics", "ALTER STATISTICS device_both SET STATISTICS 40", "ALTER STATISTICS device_both SET STATISTICS -1", "statistics device.device_both target unexpected"),
    case("statistics", "DROP STATISTICS device_both; CREATE STATISTICS device_both (mcv) ON label, price FROM device", "DROP STATISTICS device_both; CREATE STATISTICS device_both (ndistinct, dependencies) ON label, price FROM device", "statistics device.device_both kinds changed"),
    case("statistics", "DROP STATISTICS device_both; CREATE STATISTICS device_both (ndistinct, dependencies) ON lower(label), price FROM device", "DROP STATISTICS device_both; CREATE STATISTICS device_both (ndistinct, dependencies) ON label, price FROM device", "statistics device.device_both of changed"),
    // collations
    case("collation", "CREATE COLLATION stray (LOCALE = 'C')", "DROP COLLATION stray", "collation stray unexpected"),
    case("collation", "DROP COLLATION spoken", "CREATE COLLATION spoken (provider = libc, locale = 'C')", "collation spoken missing"),
    case("collation", "DROP COLLATION spoken; CREATE COLLATION spoken (provider = icu, locale = 'en-u-kn-true', deterministic = false)", "DROP COLLATION spoken; CREATE COLLATION spoken (provider = libc, locale = 'C')", "collation spoken lc_collate missing; collation spoken lc_ctype missing; collation spoken locale unexpected; collation spoken nondeterministic unexpected; collation spoken provider changed"),
    // publications
    case("publication", "CREATE PUBLICATION stray", "DROP PUBLICATION stray", "publication stray unexpected"),
    case("publication", "DROP PUBLICATION told", "CREATE PUBLICATION told FOR TABLE outlet (id, name) WHERE (id > 0), outlet_two", "publication told missing"),
    case("publication", "ALTER PUBLICATION told DROP TABLE outlet_two", "ALTER PUBLICATION told ADD TABLE outlet_two", "publication told tables.outlet_two missing"),
    case("publication", "ALTER PUBLICATION told ADD TABLE parent", "ALTER PUBLICATION told DROP TABLE parent", "publication told tables.child unexpected; publication told tables.parent unexpected"),
    case("publication", "ALTER PUBLICATION told SET TABLE outlet (id, name, size) WHERE (id > 0), outlet_two", "ALTER PUBLICATION told SET TABLE outlet (id, name) WHERE (id > 0), outlet_two", "publication told tables.outlet.columns changed"),
    case("publication", "ALTER PUBLICATION told SET TABLE outlet (id, name) WHERE (id > 1), outlet_two", "ALTER PUBLICATION told SET TABLE outlet (id, name) WHERE (id > 0), outlet_two", "publication told tables.outlet.rows changed"),
    case("publication", "ALTER PUBLICATION told SET (publish = 'insert')", "ALTER PUBLICATION told SET (publish = 'insert, update, delete, truncate')", "publication told publish changed"),
    case("publication", "ALTER PUBLICATION told SET (publish_via_partition_root = true)", "ALTER PUBLICATION told SET (publish_via_partition_root = false)", "publication told via_partition_root unexpected"),
    case("publication", "DROP PUBLICATION told; CREATE PUBLICATION told FOR ALL TABLES", "DROP PUBLICATION told; CREATE PUBLICATION told FOR TABLE outlet (id, name) WHERE (id > 0), outlet_two", "publication told all_tables unexpected; publication told tables missing"),
    // views
    case("view", "CREATE VIEW stray AS SELECT 1 AS a", "DROP VIEW stray", "view stray unexpected"),
    case("view", "DROP VIEW above", "CREATE VIEW above WITH (security_barrier = true) AS SELECT id, label FROM device_view", "view above missing"),
    case("view", "ALTER VIEW above RENAME TO over", "ALTER VIEW over RENAME TO above", "view above missing; view over unexpected"),
    case("view", "CREATE OR REPLACE VIEW device_view AS SELECT id, label, price FROM device WHERE price > 1", "CREATE OR REPLACE VIEW device_view AS SELECT id, label, price FROM device WHERE price > 0", "view device_view definition changed"),
    case("view", "CREATE OR REPLACE VIEW device_view AS SELECT id, label, price, house_id FROM device WHERE price > 0", "DROP VIEW above; DROP VIEW device_view; CREATE VIEW device_view AS SELECT id, label, price FROM device WHERE price > 0; CREATE VIEW above WITH (security_barrier = true) AS SELECT id, label FROM device_view", "view device_view columns.house_id unexpected; view device_view depends_on changed; view device_view definition changed"),
    case("view", "ALTER VIEW above RESET (security_barrier)", "ALTER VIEW above SET (security_barrier = true)", "view above options missing"),
    case("view", "ALTER VIEW device_view SET (check_option = local)", "ALTER VIEW device_view RESET (check_option)", "view device_view options unexpected"),
    // materialised views
    case("materialized_view", "CREATE MATERIALIZED VIEW stray AS SELECT 1 AS a", "DROP MATERIALIZED VIEW stray", "materialized_view stray unexpected"),
    case("materialized_view", "DROP MATERIALIZED VIEW totals", "CREATE MATERIALIZED VIEW totals AS SELECT house_id, sum(price) AS total FROM device GROUP BY house_id; CREATE UNIQUE INDEX totals_house ON totals (house_id)", "index totals.totals_house missing; materialized_view totals missing"),
    case("materialized_view", "DROP MATERIALIZED VIEW totals; CREATE MATERIALIZED VIEW totals AS SELECT house_id, sum(price) AS total FROM device WHERE price > 0 GROUP BY house_id; CREATE UNIQUE INDEX totals_house ON totals (house_id)", "DROP MATERIALIZED VIEW totals; CREATE MATERIALIZED VIEW totals AS SELECT house_id, sum(price) AS total FROM device GROUP BY house_id; CREATE UNIQUE INDEX totals_house ON totals (house_id)", "materialized_view totals definition changed"),
    case("materialized_view", "ALTER MATERIALIZED VIEW totals RENAME TO sums", "ALTER MATERIALIZED VIEW sums RENAME TO totals", "index sums.totals_house unexpected; index totals.totals_house missing; materialized_view sums unexpected; materialized_view totals missing"),
    case("materialized_view", "ALTER MATERIALIZED VIEW totals SET (fillfactor = 50)", "ALTER MATERIALIZED VIEW totals RESET (fillfactor)", "materialized_view totals options unexpected"),
    case("materialized_view", "CREATE INDEX stray ON totals (total)", "DROP INDEX stray", "index totals.stray unexpected"),
    // functions, procedures, aggregates
    case("function", "CREATE FUNCTION stray() RETURNS integer LANGUAGE sql AS 'SELECT 1'", "DROP FUNCTION stray()", "function stray() unexpected"),
    case("function", "CREATE FUNCTION add(a bigint, b bigint) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'", "DROP FUNCTION add(bigint, bigint)", "function add(bigint, bigint) unexpected"),
    case("function", "DROP FUNCTION add", "CREATE FUNCTION add(a integer, b integer) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT a + b $$", "function add(integer, integer) missing"),
    case("function", "ALTER FUNCTION add RENAME TO plus", "ALTER FUNCTION plus RENAME TO add", "function add(integer, integer) missing; function plus(integer, integer) unexpected"),
    case("function", "CREATE OR REPLACE FUNCTION add(a integer, b integer) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT a - b $$", "CREATE OR REPLACE FUNCTION add(a integer, b integer) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT a + b $$", "function add(integer, integer) body changed"),
    case("function", "ALTER FUNCTION add STABLE", "ALTER FUNCTION add IMMUTABLE", "function add(integer, integer) volatility changed"),
    case("function", "ALTER FUNCTION add CALLED ON NULL INPUT", "ALTER FUNCTION add STRICT", "function add(integer, integer) strict missing"),
    case("function", "ALTER FUNCTION add SECURITY DEFINER", "ALTER FUNCTION add SECURITY INVOKER", "function add(integer, integer) security_definer unexpected"),
    case("function", "ALTER FUNCTION add LEAKPROOF", "ALTER FUNCTION add NOT LEAKPROOF", "function add(integer, integer) leakproof unexpected"),
    case("function", "ALTER FUNCTION add PARALLEL SAFE", "ALTER FUNCTION add PARALLEL UNSAFE", "function add(integer, integer) parallel unexpected"),
    case("function", "ALTER FUNCTION add COST 5", "ALTER FUNCTION add COST 100", "function add(integer, integer) cost unexpected"),
    case("function", "ALTER FUNCTION add SET search_path TO public, app", "ALTER FUNCTION add RESET ALL", "function add(integer, integer) config unexpected"),
    case("function", "DROP FUNCTION add; CREATE FUNCTION add(x integer, b integer) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT x + b $$", "DROP FUNCTION add; CREATE FUNCTION add(a integer, b integer) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT a + b $$", "function add(integer, integer) arguments changed; function add(integer, integer) body changed"),
    case("function", "DROP FUNCTION add; CREATE FUNCTION add(a integer, b integer) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT a + b $$", "DROP FUNCTION add; CREATE FUNCTION add(a integer, b integer) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT a + b $$", "function add(integer, integer) returns changed"),
    case("function", "CREATE OR REPLACE FUNCTION add(a integer, b integer DEFAULT 1) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT a + b $$", "DROP FUNCTION add; CREATE FUNCTION add(a integer, b integer) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT a + b $$", "function add(integer, integer) arguments changed"),
    case("function", "CREATE OR REPLACE FUNCTION atomic(a integer) RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT a + 2; END", "CREATE OR REPLACE FUNCTION atomic(a integer) RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT a + 1; END", "function atomic(integer) definition changed"),
    case("procedure", "DROP PROCEDURE app.work", "CREATE PROCEDURE app.work(IN n integer) LANGUAGE plpgsql AS $$ BEGIN PERFORM n; END $$", "procedure app.work(integer) missing"),
    case("procedure", "CREATE OR REPLACE PROCEDURE app.work(IN n integer) LANGUAGE plpgsql AS $$ BEGIN PERFORM n + 1; END $$", "CREATE OR REPLACE PROCEDURE app.work(IN n integer) LANGUAGE plpgsql AS $$ BEGIN PERFORM n; END $$", "procedure app.work(integer) body changed"),
    case("procedure", "CREATE PROCEDURE stray() LANGUAGE sql AS 'SELECT 1'", "DROP PROCEDURE stray()", "procedure stray() unexpected"),
    case("procedure", "ALTER PROCEDURE app.work RENAME TO labour", "ALTER PROCEDURE app.labour RENAME TO work", "procedure app.labour(integer) unexpected; procedure app.work(integer) missing"),
    case("aggregate", "DROP AGGREGATE product (double precision)", "CREATE AGGREGATE product (double precision) (SFUNC = float8mul, STYPE = double precision, INITCOND = '1')", "aggregate product(double precision) missing"),
    case("aggregate", "DROP AGGREGATE product (double precision); CREATE AGGREGATE product (double precision) (SFUNC = float8mul, STYPE = double precision, INITCOND = '2')", "DROP AGGREGATE product (double precision); CREATE AGGREGATE product (double precision) (SFUNC = float8mul, STYPE = double precision, INITCOND = '1')", "aggregate product(double precision) initcond changed"),
    case("aggregate", "DROP AGGREGATE product (double precision); CREATE AGGREGATE product (double precision) (SFUNC = float8pl, STYPE = double precision, INITCOND = '1')", "DROP AGGREGATE product (double precision); CREATE AGGREGATE product (double precision) (SFUNC = float8mul, STYPE = double precision, INITCOND = '1')", "aggregate product(double precision) sfunc changed"),
    case("aggregate", "CREATE AGGREGATE stray (double precision) (SFUNC = float8mul, STYPE = double precision)", "DROP AGGREGATE stray (double precision)", "aggregate stray(double precision) unexpected"),
    // triggers, rules, policies, event triggers
    case("trigger", "CREATE TRIGGER stray BEFORE INSERT ON device FOR EACH ROW EXECUTE FUNCTION app.stamp()", "DROP TRIGGER stray ON device", "trigger device.stray unexpected"),
    case("trigger", "CREATE TRIGGER stray BEFORE INSERT ON reading FOR EACH ROW EXECUTE FUNCTION app.stamp()", "DROP TRIGGER stray ON reading", "trigger reading.stray unexpected"),
    case("trigger", "DROP TRIGGER device_stamp ON device", "CREATE TRIGGER device_stamp BEFORE UPDATE ON device FOR EACH ROW EXECUTE FUNCTION app.stamp()", "trigger device.device_stamp missing"),
    case("trigger", "ALTER TRIGGER device_stamp ON device RENAME TO stamp", "ALTER TRIGGER stamp ON device RENAME TO device_stamp", "trigger device.device_stamp missing; trigger device.stamp unexpected"),
    case("trigger", "DROP TRIGGER device_stamp ON device; CREATE TRIGGER device_stamp AFTER UPDATE OF price ON device FOR EACH ROW WHEN (OLD.price > 1) EXECUTE FUNCTION app.stamp()", "DROP TRIGGER device_stamp ON device; CREATE TRIGGER device_stamp BEFORE UPDATE ON device FOR EACH ROW EXECUTE FUNCTION app.stamp()", "trigger device.device_stamp definition changed"),
    case("trigger", "ALTER TABLE device DISABLE TRIGGER device_stamp", "ALTER TABLE device ENABLE TRIGGER device_stamp", "trigger device.device_stamp enabled unexpected"),
    case("rule", "DROP RULE device_quiet ON app.log_2024", "CREATE RULE device_quiet AS ON DELETE TO app.log_2024 DO INSTEAD NOTHING", "rule app.log_2024.device_quiet missing"),
    case("rule", "CREATE RULE stray AS ON INSERT TO plain DO ALSO NOTHING", "DROP RULE stray ON plain", "rule plain.stray unexpected"),
    case("rule", "CREATE OR REPLACE RULE device_quiet AS ON DELETE TO app.log_2024 WHERE OLD.part > 1 DO INSTEAD NOTHING", "CREATE OR REPLACE RULE device_quiet AS ON DELETE TO app.log_2024 DO INSTEAD NOTHING", "rule app.log_2024.device_quiet definition changed"),
    case("rule", "ALTER TABLE app.log_2024 DISABLE RULE device_quiet", "ALTER TABLE app.log_2024 ENABLE RULE device_quiet", "rule app.log_2024.device_quiet enabled unexpected"),
    case("row_policy", "CREATE POLICY stray ON house USING (true)", "DROP POLICY stray ON house", "row_policy house.stray unexpected"),
    case("row_policy", "DROP POLICY own ON house", "CREATE POLICY own ON house FOR SELECT USING (house_id > 0)", "row_policy house.own missing"),
    case("row_policy", "ALTER POLICY own ON house USING (house_id > 1)", "ALTER POLICY own ON house USING (house_id > 0)", "row_policy house.own using changed"),
    case("row_policy", "ALTER POLICY own ON house TO postgres", "ALTER POLICY own ON house TO PUBLIC", "row_policy house.own roles changed"),
    case("event_trigger", "DROP EVENT TRIGGER noticed", "CREATE EVENT TRIGGER noticed ON ddl_command_end WHEN TAG IN ('CREATE DOMAIN') EXECUTE FUNCTION app.noticed()", "event_trigger noticed missing"),
    case("event_trigger", "ALTER EVENT TRIGGER noticed DISABLE", "ALTER EVENT TRIGGER noticed ENABLE", "event_trigger noticed enabled unexpected"),
    case("event_trigger", "CREATE EVENT TRIGGER stray ON sql_drop EXECUTE FUNCTION app.noticed()", "DROP EVENT TRIGGER stray", "event_trigger stray unexpected"),
    // hypertables and dimensions
    case("hypertable", "SELECT create_hypertable('plain', 'at', migrate_data => true, create_default_indexes => false)", "", "hypertable plain unexpected"),
    case("hypertable", "CREATE TABLE stray (at timestamptz NOT NULL); SELECT create_hypertable('stray', 'at', create_default_indexes => false)", "DROP TABLE stray", "hypertable stray unexpected; table stray unexpected"),
    case("hypertable", "DROP TABLE bare; CREATE TABLE bare (at timestamptz NOT NULL, also timestamptz NOT NULL, value integer)", "SELECT create_hypertable('bare', 'at', create_default_indexes => false)", "hypertable bare missing"),
    case("hypertable", "DROP TABLE bare; CREATE TABLE bare (at timestamptz NOT NULL, also timestamptz NOT NULL, value integer); SELECT create_hypertable('bare', 'also', create_default_indexes => false)", "DROP TABLE bare; CREATE TABLE bare (at timestamptz NOT NULL, also timestamptz NOT NULL, value integer); SELECT create_hypertable('bare', 'at', create_default_indexes => false)", "hypertable bare time_column changed"),
    case("dimension", "SELECT add_dimension('bare', 'value', number_partitions => 2)", "DROP TABLE bare; CREATE TABLE bare (at timestamptz NOT NULL, also timestamptz NOT NULL, value integer); SELECT create_hypertable('bare', 'at', create_default_indexes => false)", "hypertable bare dimensions unexpected"),
    case("dimension", "DROP TABLE spaced; CREATE TABLE spaced (at bigint NOT NULL, device text NOT NULL, value double precision); SELECT create_hypertable('spaced', 'at', chunk_time_interval => 1000)", "DROP TABLE spaced; CREATE TABLE spaced (at bigint NOT NULL, device text NOT NULL, value double precision); SELECT create_hypertable('spaced', 'at', 'device', 4, chunk_time_interval => 1000)", "hypertable spaced dimensions missing; index spaced.spaced_device_at_idx missing"),
    case("dimension", "SELECT set_integer_now_func('spaced', 'app.number')", "", "hypertable spaced integer_now unexpected"),
    case("dimension", "SELECT set_number_partitions('spaced', 8)", "SELECT set_number_partitions('spaced', 4)", "hypertable spaced dimensions.device.partitions changed"),
];

/// With continuous aggregates.
#[rustfmt::skip]
pub const COMMUNITY: &[Case] = &[
    case("continuous_aggregate", "CREATE MATERIALIZED VIEW stray WITH (timescaledb.continuous) AS SELECT time_bucket('1 day', at) AS day, max(value) AS most FROM reading GROUP BY 1 WITH NO DATA", "DROP MATERIALIZED VIEW stray", "continuous_aggregate stray unexpected; index stray._materialized_hypertable_day_idx unexpected"),
    case("continuous_aggregate", "ALTER MATERIALIZED VIEW reading_hourly SET (timescaledb.materialized_only = false)", "ALTER MATERIALIZED VIEW reading_hourly SET (timescaledb.materialized_only = true)", "continuous_aggregate reading_hourly materialized_only changed"),
    case("continuous_aggregate", "ALTER MATERIALIZED VIEW reading_hourly RENAME TO hourly", "ALTER MATERIALIZED VIEW hourly RENAME TO reading_hourly", "continuous_aggregate hourly unexpected; continuous_aggregate reading_hourly missing; index hourly._materialized_hypertable_device_hour_idx unexpected; index hourly._materialized_hypertable_hour_idx unexpected; index hourly.reading_hourly_average unexpected; index reading_hourly._materialized_hypertable_device_hour_idx missing; index reading_hourly._materialized_hypertable_hour_idx missing; index reading_hourly.reading_hourly_average missing"),
    case("continuous_aggregate", "DROP INDEX _timescaledb_internal.reading_hourly_average", "CREATE INDEX reading_hourly_average ON reading_hourly (average)", "index reading_hourly.reading_hourly_average missing"),
    case("continuous_aggregate", "CREATE INDEX stray ON reading_hourly (device)", "DROP INDEX _timescaledb_internal.stray", "index reading_hourly.stray unexpected"),
    case("continuous_aggregate", "DROP MATERIALIZED VIEW reading_hourly; CREATE MATERIALIZED VIEW reading_hourly WITH (timescaledb.continuous, timescaledb.materialized_only = true) AS SELECT time_bucket('2 hours', at) AS hour, device, avg(value) AS average FROM reading GROUP BY 1, 2 WITH NO DATA; CREATE INDEX reading_hourly_average ON reading_hourly (average)", "DROP MATERIALIZED VIEW reading_hourly; CREATE MATERIALIZED VIEW reading_hourly WITH (timescaledb.continuous, timescaledb.materialized_only = true) AS SELECT time_bucket('1 hour', at) AS hour, device, avg(value) AS average FROM reading GROUP BY 1, 2 WITH NO DATA; CREATE INDEX reading_hourly_average ON reading_hourly (average)", "continuous_aggregate reading_hourly definition changed"),
    case("continuous_aggregate", "DROP MATERIALIZED VIEW reading_hourly", "CREATE MATERIALIZED VIEW reading_hourly WITH (timescaledb.continuous, timescaledb.materialized_only = true) AS SELECT time_bucket('1 hour', at) AS hour, device, avg(value) AS average FROM reading GROUP BY 1, 2 WITH NO DATA; CREATE INDEX reading_hourly_average ON reading_hourly (average)", "continuous_aggregate reading_hourly missing; index reading_hourly._materialized_hypertable_device_hour_idx missing; index reading_hourly._materialized_hypertable_hour_idx missing; index reading_hourly.reading_hourly_average missing"),
    case("continuous_aggregate", "ALTER MATERIALIZED VIEW reading_hourly SET (timescaledb.compress = true)", "ALTER MATERIALIZED VIEW reading_hourly SET (timescaledb.compress = false)", "continuous_aggregate reading_hourly columnstore changed"),
    // the columnstore
    case("columnstore", "ALTER TABLE kept SET (timescaledb.compress = false)", "ALTER TABLE kept SET (timescaledb.compress, timescaledb.compress_segmentby = 'device, \"Of\"', timescaledb.compress_orderby = 'value, at DESC')",
        "hypertable kept columnstore.enabled changed; hypertable kept columnstore.order_by missing; hypertable kept columnstore.segment_by missing"),
    case("columnstore", "ALTER TABLE kept SET (timescaledb.compress, timescaledb.compress_segmentby = 'device', timescaledb.compress_orderby = 'value, at DESC')", "ALTER TABLE kept SET (timescaledb.compress, timescaledb.compress_segmentby = 'device, \"Of\"', timescaledb.compress_orderby = 'value, at DESC')",
        "hypertable kept columnstore.segment_by changed"),
    case("columnstore", "ALTER TABLE kept SET (timescaledb.compress, timescaledb.compress_segmentby = 'device, \"Of\"', timescaledb.compress_orderby = 'value DESC, at DESC')", "ALTER TABLE kept SET (timescaledb.compress, timescaledb.compress_segmentby = 'device, \"Of\"', timescaledb.compress_orderby = 'value, at DESC')",
        "hypertable kept columnstore.order_by changed"),
    case("columnstore", "ALTER TABLE reading SET (timescaledb.compress, timescaledb.compress_segmentby = 'device')", "ALTER TABLE reading SET (timescaledb.compress = false)",
        "hypertable reading columnstore.enabled changed; hypertable reading columnstore.segment_by unexpected"),
];
