//! States in which the order of the statements decides, or what counts on: what a migration made, what was
//! done to it by hand, and what must work once it is repaired.

/// One state.
pub struct Order {
    /// What the migration made.
    pub made: &'static str,
    /// By hand, without sgmp-db.
    pub change: &'static str,
    /// As in `cases.rs`.
    pub finding: &'static str,
    /// May the repair lose anything?
    pub loses: Loses,
    /// SQL that must work afterwards.
    pub then: &'static str,
}

/// Is any statement withheld without `--allow-destructive`?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loses {
    Nothing,
    Something,
}

use Loses::{Nothing, Something};

const fn order(
    made: &'static str,
    change: &'static str,
    finding: &'static str,
    loses: Loses,
    then: &'static str,
) -> Order {
    Order {
        made,
        change,
        finding,
        loses,
        then,
    }
}

/// On any PostgreSQL.
#[rustfmt::skip]
pub const PLAIN: &[Order] = &[
    // What stands in the way unchanged is dropped and created again.
    order("CREATE TABLE acc (id int, n text); CREATE VIEW v AS SELECT id FROM acc; CREATE FUNCTION f() RETURNS SETOF v LANGUAGE sql AS 'SELECT * FROM v'; COMMENT ON FUNCTION f() IS 'kept'",
        "DROP FUNCTION f(); DROP VIEW v; CREATE VIEW v AS SELECT id, n FROM acc; CREATE FUNCTION f() RETURNS SETOF v LANGUAGE sql AS 'SELECT * FROM v'; COMMENT ON FUNCTION f() IS 'kept'",
        "view v columns.n unexpected; view v depends_on changed; view v definition changed", Nothing, "SELECT id FROM f()"),
    order("CREATE TABLE acc (id int); CREATE TABLE doc (acc_id int, other int); CREATE VIEW v2 AS SELECT id FROM acc; CREATE POLICY p ON doc USING (acc_id IN (SELECT id FROM v2))",
        "DROP POLICY p ON doc; DROP VIEW v2; CREATE VIEW v2 AS SELECT id, 1 AS more FROM acc; CREATE POLICY p ON doc USING (acc_id IN (SELECT id FROM v2))",
        "view v2 columns.more unexpected; view v2 definition changed", Nothing, ""),
    order("CREATE TABLE t (a int, b int); CREATE VIEW base AS SELECT a FROM t; CREATE VIEW mid AS SELECT a FROM base; CREATE FUNCTION g(m mid) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TABLE log (x int DEFAULT g(NULL)); CREATE MATERIALIZED VIEW mv AS SELECT a FROM mid; CREATE UNIQUE INDEX mv_a ON mv (a)",
        "DROP VIEW base CASCADE; CREATE VIEW base AS SELECT a, b FROM t",
        "function g(public.mid) missing; index mv.mv_a missing; materialized_view mv missing; table log columns.x.default missing; view base columns.b unexpected; view base depends_on changed; view base definition changed; view mid missing", Nothing, "INSERT INTO log DEFAULT VALUES; REFRESH MATERIALIZED VIEW CONCURRENTLY mv"),
    order("CREATE FUNCTION k(v int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT v + 1'; CREATE DOMAIN d AS int CONSTRAINT d_k CHECK (k(VALUE) > 0); CREATE TABLE t (a int DEFAULT k(1), x d, CONSTRAINT t_k CHECK (k(a) > 0)); CREATE INDEX t_ka ON t (k(a)); CREATE VIEW v AS SELECT k(a) AS ka FROM t",
        "DROP FUNCTION k(int) CASCADE; CREATE FUNCTION k(v int) RETURNS bigint IMMUTABLE LANGUAGE sql AS 'SELECT v + 1'; ALTER TABLE t ALTER a SET DEFAULT k(1); ALTER DOMAIN d ADD CONSTRAINT d_k CHECK (k(VALUE) > 0); ALTER TABLE t ADD CONSTRAINT t_k CHECK (k(a) > 0); CREATE INDEX t_ka ON t (k(a)); CREATE VIEW v AS SELECT k(a)::int AS ka FROM t",
        "function k(integer) returns changed; view v definition changed", Nothing, "INSERT INTO t (x) VALUES (1)"),
    // Procedures, functions, views and tables that name each other.
    order("CREATE TABLE zt (id int PRIMARY KEY); CREATE PROCEDURE e_p(INOUT r zt) LANGUAGE plpgsql AS $$ BEGIN END $$",
        "DROP PROCEDURE e_p; DROP TABLE zt", "constraint zt.zt_pkey missing; procedure e_p(public.zt) missing; table zt missing", Nothing, ""),
    order("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE VIEW c_v AS SELECT f() AS a; CREATE FUNCTION g() RETURNS SETOF c_v LANGUAGE sql AS 'SELECT * FROM c_v'",
        "DROP FUNCTION f() CASCADE", "function f() missing; function g() missing; view c_v missing", Nothing, "SELECT * FROM g()"),
    order("CREATE VIEW v AS SELECT 1 AS a; CREATE FUNCTION f() RETURNS SETOF v LANGUAGE sql AS 'SELECT 1'; CREATE OR REPLACE VIEW v AS SELECT a FROM f()",
        "DROP VIEW v CASCADE", "function f() missing; view v missing", Nothing, "SELECT pg_get_viewdef('v'::regclass)"),
    order("CREATE FUNCTION ok(v int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT v > 0'; CREATE DOMAIN pos AS int CHECK (ok(VALUE))",
        "DROP DOMAIN pos; DROP FUNCTION ok", "domain pos missing; function ok(integer) missing", Nothing, ""),
    order("CREATE FUNCTION zz(v int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT v + 1'; CREATE DOMAIN dz AS int CONSTRAINT dz_c CHECK (zz(VALUE) > 0); CREATE TABLE a (v int, d int DEFAULT zz(1), x dz, CHECK (zz(v) > 0), g int GENERATED ALWAYS AS (zz(v)) STORED); CREATE INDEX a_zz ON a (zz(v))",
        "DROP FUNCTION zz CASCADE", "constraint a.a_v_check missing; domain dz checks missing; function zz(integer) missing; index a.a_zz missing; table a columns.d.default missing; table a columns.g missing", Nothing, "INSERT INTO a (v, x) VALUES (1, 1)"),
    order("CREATE FUNCTION later() RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n  -- as it was written\n  RETURN (SELECT max(id) FROM early); END $$; CREATE TABLE early (id int DEFAULT 1); CREATE FUNCTION sum_early() RETURNS bigint LANGUAGE sql AS $$ SELECT sum(id) /* all */ FROM early $$",
        "DROP TABLE early; DROP FUNCTION later(); DROP FUNCTION sum_early()", "function later() missing; function sum_early() missing; table early missing", Nothing, "SELECT later(), sum_early()"),
    order("CREATE TABLE t (a int); CREATE FUNCTION of_t(r t) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1'; CREATE INDEX t_of ON t (of_t(t.*))",
        "DROP TABLE t CASCADE", "function of_t(public.t) missing; index t.t_of missing; table t missing", Nothing, "INSERT INTO t (a) VALUES (1)"),
    // Enums.
    order("CREATE TYPE st AS ENUM ('new', 'old'); CREATE TABLE o (s st DEFAULT 'new', CHECK (s <> 'old')); CREATE INDEX oi ON o (s) WHERE s = 'new'; CREATE TABLE ar (s st[] DEFAULT '{new}'); CREATE FUNCTION f(x st) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE VIEW ov AS SELECT s FROM o WHERE s = 'new'; INSERT INTO o VALUES ('new'); INSERT INTO ar VALUES ('{old,new}')",
        "ALTER TYPE st ADD VALUE 'extra'", "enum st values changed", Something, "INSERT INTO o DEFAULT VALUES; INSERT INTO ar DEFAULT VALUES; SELECT f('new')"),
    order("CREATE TYPE st AS ENUM ('a', 'b'); CREATE TABLE o (s st DEFAULT 'b'); CREATE INDEX oi ON o (s) WHERE s = 'b'; INSERT INTO o VALUES ('a')",
        "DROP INDEX oi; ALTER TABLE o ALTER s DROP DEFAULT; ALTER TABLE o ALTER s TYPE text; DROP TYPE st; CREATE TYPE st AS ENUM ('a'); ALTER TABLE o ALTER s TYPE st USING s::st",
        "enum st values changed; index o.oi missing; table o columns.s.default missing", Nothing, "INSERT INTO o DEFAULT VALUES"),
    // Partitions.
    order("CREATE TABLE t (k int, v int) PARTITION BY RANGE (k); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10); CREATE INDEX t_v ON t (v)",
        "DROP INDEX t_v", "index t.t_v missing", Nothing, "DO $$ BEGIN ASSERT (SELECT bool_and(indisvalid) AND count(*) = 2 FROM pg_index WHERE indrelid IN ('t'::regclass, 't1'::regclass)); END $$"),
    order("CREATE TABLE t (k int, v int) PARTITION BY RANGE (k); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10); INSERT INTO t VALUES (1, 2)",
        "ALTER TABLE t DETACH PARTITION t1; ALTER TABLE t ADD COLUMN more int", "table t columns.more unexpected; table t1 columns.k unexpected; table t1 columns.v unexpected; table t1 partition_of missing", Something, "INSERT INTO t VALUES (3, 4)"),
    order("CREATE TABLE t (k int, v int) PARTITION BY RANGE (k); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10); INSERT INTO t VALUES (1, 2)",
        "ALTER TABLE t DETACH PARTITION t1; ALTER TABLE t1 ADD COLUMN more int; ALTER TABLE t DROP COLUMN v", "table t columns.v missing; table t1 columns.k unexpected; table t1 columns.more unexpected; table t1 columns.v unexpected; table t1 partition_of missing", Something, "INSERT INTO t VALUES (3, 4)"),
    order("CREATE TABLE log (id int, at int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at); CREATE TABLE log_25 PARTITION OF log FOR VALUES FROM (0) TO (10); CREATE TABLE r (id int, at int, FOREIGN KEY (id, at) REFERENCES log)",
        "CREATE TABLE log_26 PARTITION OF log FOR VALUES FROM (10) TO (20)", "table log_26 unexpected", Something, ""),
    // Sequences and identities.
    order("CREATE TABLE a (id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, v text)",
        "INSERT INTO a (v) VALUES ('x'), ('y'); ALTER TABLE a ALTER id DROP IDENTITY", "table a columns.id.identity missing; table a columns.id.sequence missing", Nothing, "INSERT INTO a (v) VALUES ('n')"),
    order("CREATE TABLE a (id bigserial PRIMARY KEY, v text)",
        "INSERT INTO a (v) VALUES ('x'), ('y'); ALTER TABLE a ALTER id DROP DEFAULT; DROP SEQUENCE a_id_seq; ALTER TABLE a ALTER id ADD GENERATED ALWAYS AS IDENTITY (START 3)", "table a columns.id.default missing; table a columns.id.identity unexpected; table a columns.id.sequence.start unexpected", Nothing, "INSERT INTO a (v) VALUES ('n')"),
    order("CREATE TABLE a (id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, v text)",
        "INSERT INTO a (v) VALUES ('x'), ('y'); DELETE FROM a; ALTER TABLE a ALTER id DROP IDENTITY; CREATE SEQUENCE a_id_seq AS int OWNED BY a.id; SELECT setval('a_id_seq', 7); ALTER TABLE a ALTER id SET DEFAULT nextval('a_id_seq')",
        "table a columns.id.default unexpected; table a columns.id.identity missing", Nothing, "DO $$ DECLARE n int; BEGIN INSERT INTO a (v) VALUES ('n') RETURNING id INTO n; ASSERT n = 8, n; END $$"),
    order("CREATE TABLE a (id int PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY (INCREMENT -1 MAXVALUE 100 START 50), v text)",
        "INSERT INTO a (v) VALUES ('x'), ('y'); ALTER TABLE a ALTER id DROP IDENTITY", "table a columns.id.identity missing; table a columns.id.sequence missing", Nothing, "INSERT INTO a (v) VALUES ('n')"),
    order("CREATE TABLE c (id int PRIMARY KEY); CREATE SEQUENCE s1", "SELECT nextval('s1'), nextval('s1'); ALTER SEQUENCE s1 OWNED BY c.id",
        "sequence s1 missing; table c columns.id.sequence unexpected", Nothing, "DO $$ BEGIN ASSERT nextval('s1') = 3; END $$"),
    order("CREATE TABLE c (id int PRIMARY KEY); CREATE SEQUENCE s1 CYCLE OWNED BY c.id", "SELECT nextval('s1'); ALTER SEQUENCE s1 OWNED BY NONE NO CYCLE",
        "sequence s1 unexpected; table c columns.id.sequence missing", Nothing, "DO $$ BEGIN ASSERT nextval('s1') = 2; END $$"),
    order("CREATE TABLE a (id serial PRIMARY KEY, v int)", "INSERT INTO a (v) VALUES (1), (2); DROP SEQUENCE a_id_seq CASCADE",
        "table a columns.id.default missing; table a columns.id.sequence missing", Nothing, "INSERT INTO a (v) VALUES (3)"),
    // Columns.
    order("CREATE TABLE a (v int, g int GENERATED ALWAYS AS (v + 1) STORED)", "ALTER TABLE a DROP COLUMN g; ALTER TABLE a ADD COLUMN g int GENERATED ALWAYS AS (v + 2) STORED",
        "table a columns.g.generated.expression changed", Nothing, "INSERT INTO a (v) VALUES (1)"),
    order("CREATE TABLE a (id serial PRIMARY KEY, g int GENERATED ALWAYS AS (1 + 1) STORED, v int); CREATE VIEW av AS SELECT g FROM a", "DROP VIEW av; DROP TABLE a; CREATE TABLE a (id serial PRIMARY KEY, g int GENERATED ALWAYS AS (1 + 2) STORED, v int); INSERT INTO a (v) VALUES (1); CREATE VIEW av AS SELECT g FROM a",
        "table a columns.g.generated.expression changed", Something, "INSERT INTO a (v) VALUES (3)"),
    order("CREATE TABLE t (a varchar(10), b int); CREATE VIEW v AS SELECT a FROM t; CREATE RULE r AS ON INSERT TO t WHERE NEW.a IS NULL DO ALSO NOTHING; CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; CREATE TRIGGER tg BEFORE UPDATE OF a ON t FOR EACH ROW WHEN (OLD.a IS NOT NULL) EXECUTE FUNCTION tf(); CREATE POLICY p ON t USING (a <> '')",
        "DROP VIEW v; DROP RULE r ON t; DROP TRIGGER tg ON t; DROP POLICY p ON t; ALTER TABLE t ALTER a TYPE varchar(5); CREATE VIEW v AS SELECT a FROM t; CREATE RULE r AS ON INSERT TO t WHERE NEW.a IS NULL DO ALSO NOTHING; CREATE TRIGGER tg BEFORE UPDATE OF a ON t FOR EACH ROW WHEN (OLD.a IS NOT NULL) EXECUTE FUNCTION tf(); CREATE POLICY p ON t USING (a <> '')",
        "table t columns.a.type changed; view v columns.a changed", Nothing, "INSERT INTO t VALUES ('1234567890')"),
    order("CREATE TABLE t (v int, w int); CREATE VIEW v AS SELECT v, w FROM t WHERE v > 0; CREATE INDEX t_v ON t (v)", "ALTER TABLE t RENAME COLUMN v TO value", "index t.t_v keys changed; table t columns.v missing; table t columns.value unexpected; view v depends_on changed; view v definition changed", Nothing, ""),
    order("CREATE TABLE t (v int, w int); CREATE VIEW v AS SELECT v AS a, w FROM t; CREATE VIEW above AS SELECT a FROM v", "ALTER VIEW v RENAME COLUMN a TO b", "view above depends_on changed; view above definition changed; view v columns.a missing; view v columns.b unexpected; view v definition changed", Nothing, ""),
    order("CREATE DOMAIN d AS int CONSTRAINT d_c CHECK (VALUE > 0); CREATE TABLE t (a d[], b d); INSERT INTO t VALUES ('{1,2}', 3)", "ALTER DOMAIN d DROP CONSTRAINT d_c", "domain d checks missing", Something, "INSERT INTO t VALUES ('{1}', 1)"),
    order("CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE q (p_id int REFERENCES p); CREATE VIEW grouped AS SELECT p.* FROM p GROUP BY p.id", "ALTER TABLE q DROP CONSTRAINT q_p_id_fkey; DROP VIEW grouped; ALTER TABLE p DROP CONSTRAINT p_pkey; ALTER TABLE p ADD CONSTRAINT p_pkey UNIQUE (id); ALTER TABLE q ADD CONSTRAINT q_p_id_fkey FOREIGN KEY (p_id) REFERENCES p (id); CREATE VIEW grouped AS SELECT p.* FROM p", "constraint p.p_pkey type changed; view grouped definition changed", Nothing, ""),
    order("CREATE TABLE t (id int NOT NULL); CREATE UNIQUE INDEX t_id ON t (id); ALTER TABLE t REPLICA IDENTITY USING INDEX t_id", "DROP INDEX t_id; CREATE UNIQUE INDEX t_id ON t (id DESC)", "index t.t_id keys changed; table t replica_identity missing", Nothing, "DO $$ BEGIN ASSERT (SELECT indisreplident FROM pg_index WHERE indexrelid = 't_id'::regclass); END $$"),
    order("CREATE TABLE one (a int); CREATE TABLE two (a int); CREATE INDEX same ON one (a)", "DROP INDEX same; CREATE INDEX same ON two (a)", "index one.same missing; index two.same unexpected", Something, ""),
    order("CREATE TYPE pair AS (x int, y text)", "DROP TYPE pair; CREATE TYPE pair AS (x bigint, z int)", "composite_type pair attributes.x changed; composite_type pair attributes.y missing; composite_type pair attributes.z unexpected", Something, ""),
    order("CREATE SCHEMA s; CREATE TABLE s.t (a int); CREATE FUNCTION s.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TYPE s.e AS ENUM ('a')", "DROP SCHEMA s CASCADE", "enum s.e missing; function s.f() missing; schema s missing; table s.t missing", Nothing, ""),
    order("SELECT 1", "CREATE SCHEMA s; CREATE TYPE s.e AS ENUM ('a'); CREATE TABLE s.t (a s.e); CREATE VIEW s.v AS SELECT a FROM s.t; CREATE FUNCTION s.f(x s.v) RETURNS s.e LANGUAGE sql AS 'SELECT NULL::s.e'; CREATE TABLE s.u (a s.e DEFAULT s.f(NULL), PRIMARY KEY (a)); CREATE TABLE s.w (a s.e REFERENCES s.u)", "constraint s.u.u_pkey unexpected; constraint s.w.w_a_fkey unexpected; enum s.e unexpected; function s.f(s.v) unexpected; schema s unexpected; table s.t unexpected; table s.u unexpected; table s.w unexpected; view s.v unexpected", Something, ""),
];

/// With TimescaleDB's community edition: `m` has 100 rows, of which the aggregate keeps what the raw table lost.
pub const HYPERTABLE: &str = "CREATE EXTENSION timescaledb; CREATE TABLE m (at timestamptz NOT NULL, dev int NOT NULL, v float); SELECT create_hypertable('m', 'at'); INSERT INTO m SELECT '2024-01-01'::timestamptz + n * interval '1 hour', 1, n FROM generate_series(1, 100) AS n";

/// Aggregates on `m`.
#[rustfmt::skip]
pub const COMMUNITY: &[Order] = &[
    order("CREATE MATERIALIZED VIEW h WITH (timescaledb.continuous, timescaledb.materialized_only = true) AS SELECT time_bucket('1 hour', at) AS bucket, dev, avg(v) AS a FROM m GROUP BY 1, 2 WITH NO DATA; CREATE INDEX h_dev ON h (dev, bucket DESC); CREATE VIEW above AS SELECT a FROM h",
        "CALL refresh_continuous_aggregate('h', NULL, NULL); DELETE FROM m; ALTER TABLE m RENAME COLUMN v TO value", "continuous_aggregate h definition changed; table m columns.v missing; table m columns.value unexpected", Nothing, "DO $$ BEGIN ASSERT (SELECT count(*) FROM h) = 100; END $$"),
    order("CREATE MATERIALIZED VIEW h WITH (timescaledb.continuous, timescaledb.materialized_only = true) AS SELECT time_bucket('1 hour', at) AS bucket, dev, avg(v) AS a FROM m GROUP BY 1, 2 WITH NO DATA; CREATE INDEX h_a ON h (a); CREATE VIEW above AS SELECT a FROM h",
        "CALL refresh_continuous_aggregate('h', NULL, NULL); DELETE FROM m; ALTER MATERIALIZED VIEW h RENAME COLUMN a TO mean", "continuous_aggregate h columns.a missing; continuous_aggregate h columns.mean unexpected; continuous_aggregate h definition changed; index h.h_a keys changed; view above depends_on changed; view above definition changed", Nothing, "DO $$ BEGIN ASSERT (SELECT count(a) FROM h) = 100; END $$"),
    order("CREATE MATERIALIZED VIEW h WITH (timescaledb.continuous, timescaledb.create_group_indexes = false) AS SELECT time_bucket('1 day', at) AS b, dev, count(*) AS n FROM m GROUP BY 1, 2 WITH NO DATA",
        "DROP MATERIALIZED VIEW h", "continuous_aggregate h missing; index h._materialized_hypertable_b_idx missing", Nothing, ""),
    order("CREATE MATERIALIZED VIEW h WITH (timescaledb.continuous) AS SELECT time_bucket('1 day', at) AS b, dev, count(*) AS n FROM m GROUP BY 1, 2 WITH NO DATA; CREATE MATERIALIZED VIEW w WITH (timescaledb.continuous) AS SELECT time_bucket('1 week', b) AS b, sum(n) AS n FROM h GROUP BY 1 WITH NO DATA; CREATE VIEW above AS SELECT n FROM w",
        "DROP VIEW above; DROP MATERIALIZED VIEW w; DROP MATERIALIZED VIEW h", "continuous_aggregate h missing; continuous_aggregate w missing; index h._materialized_hypertable_b_idx missing; index h._materialized_hypertable_dev_b_idx missing; index w._materialized_hypertable_b_idx missing; view above missing", Nothing, ""),
    order("CREATE MATERIALIZED VIEW h WITH (timescaledb.continuous) AS SELECT time_bucket('1 day', at) AS b, dev, max(v) AS most FROM m GROUP BY 1, 2 WITH NO DATA; CREATE VIEW above AS SELECT most FROM h",
        "DROP VIEW above; DROP MATERIALIZED VIEW h; ALTER TABLE m ALTER v TYPE real; CREATE MATERIALIZED VIEW h WITH (timescaledb.continuous) AS SELECT time_bucket('1 day', at) AS b, dev, max(v) AS most FROM m GROUP BY 1, 2 WITH NO DATA; CREATE VIEW above AS SELECT most FROM h", "continuous_aggregate h columns.most changed; table m columns.v.type changed; view above columns.most changed", Something, ""),
];
