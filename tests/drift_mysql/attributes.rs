//! Every attribute of every kind of object that MySQL has, with its states.

use crate::change::Attribute;

const fn attribute(
    kind: &'static str,
    what: &'static str,
    [setup, turn]: [&'static str; 2],
    states: &'static [&'static str],
    expect: &'static [&'static str],
) -> Attribute {
    Attribute {
        kind,
        what,
        setup,
        turn,
        states,
        expect,
    }
}

const ONE_COLUMN: &str = "CREATE TABLE {t} (id int PRIMARY KEY, c int, z int)";
const MODIFY: &str = "ALTER TABLE {t} MODIFY c {v}";
const REPLACE: &str = "ALTER TABLE {t} DROP COLUMN c, ADD COLUMN c {v} AFTER id";

pub const COLUMNS: &[Attribute] = &[
    attribute(
        "column",
        "itself",
        [ONE_COLUMN, ""],
        &[
            "ALTER TABLE {t} ADD COLUMN c int AFTER id",
            "~ALTER TABLE {t} DROP COLUMN c",
        ],
        &["table {t} columns.c"],
    ),
    attribute(
        "column",
        "name",
        [ONE_COLUMN, ""],
        &[
            "ALTER TABLE {t} RENAME COLUMN d TO c",
            "ALTER TABLE {t} RENAME COLUMN c TO d",
        ],
        &["-table {t} columns.c", "+table {t} columns.d"],
    ),
    attribute(
        "column",
        "order",
        [ONE_COLUMN, MODIFY],
        &["int AFTER id", "int FIRST", "int AFTER z"],
        &["table {t} column_order"],
    ),
    attribute(
        "column",
        "type",
        [ONE_COLUMN, MODIFY],
        &[
            "int",
            "bigint",
            "int unsigned",
            "int(5) unsigned zerofill",
            "smallint",
            "tinyint(1)",
            "decimal(10,2)",
            "decimal(12,2)",
            "float",
            "double",
            "bit(3)",
            "year",
            "date",
            "datetime",
            "datetime(6)",
            "timestamp(3) NULL",
            "time",
            "varchar(20)",
            "varchar(30)",
            "char(5)",
            "text",
            "longtext",
            "enum('a','b')",
            "enum('b','a')",
            "set('it''s','😀')",
            "json",
            "binary(4)",
            "varbinary(4)",
            "blob",
            "point",
            "geometry",
        ],
        &["table {t} columns.c.type"],
    ),
    attribute(
        "column",
        "nullable",
        [ONE_COLUMN, MODIFY],
        &["int NULL", "int NOT NULL"],
        &["table {t} columns.c.nullable"],
    ),
    attribute(
        "column",
        "default of a text",
        [ONE_COLUMN, MODIFY],
        &[
            "~varchar(60)",
            "varchar(60) DEFAULT 'a'",
            "varchar(60) DEFAULT ''",
            "varchar(60) DEFAULT 'it''s \\\\ 😀'",
            "varchar(60) DEFAULT (concat('ü', '😀'))",
            "varchar(60) DEFAULT (uuid())",
        ],
        &["table {t} columns.c.default"],
    ),
    attribute(
        "column",
        "default of a number",
        [ONE_COLUMN, MODIFY],
        &[
            "~int",
            "int DEFAULT 0",
            "int DEFAULT 1",
            "int DEFAULT (rand() * 9)",
        ],
        &["table {t} columns.c.default"],
    ),
    attribute(
        "column",
        "default of other types",
        [ONE_COLUMN, MODIFY],
        &[
            "~json",
            "json DEFAULT (json_object('a', 1))",
            "json DEFAULT (json_array())",
        ],
        &["table {t} columns.c.default"],
    ),
    attribute(
        "column",
        "default of a text blob",
        [ONE_COLUMN, MODIFY],
        &["~text", "text DEFAULT ('x')", "text DEFAULT ('y')"],
        &["table {t} columns.c.default"],
    ),
    attribute(
        "column",
        "default of bits",
        [ONE_COLUMN, MODIFY],
        &["~bit(3)", "bit(3) DEFAULT b'101'", "bit(3) DEFAULT b'1'"],
        &["table {t} columns.c.default"],
    ),
    attribute(
        "column",
        "default of bytes",
        [ONE_COLUMN, MODIFY],
        &[
            "~binary(3)",
            "binary(3) DEFAULT 'abc'",
            "binary(3) DEFAULT 0x00ff01",
        ],
        &["table {t} columns.c.default"],
    ),
    attribute(
        "column",
        "default of a time",
        [ONE_COLUMN, MODIFY],
        &[
            "~datetime(6)",
            "datetime(6) DEFAULT now(6)",
            "datetime(6) DEFAULT '2020-01-01'",
            "datetime(6) DEFAULT (now(6) + interval 1 day)",
        ],
        &["table {t} columns.c.default"],
    ),
    attribute(
        "column",
        "on update",
        [ONE_COLUMN, MODIFY],
        &["~timestamp NULL", "timestamp NULL ON UPDATE now()"],
        &["table {t} columns.c.on_update"],
    ),
    attribute(
        "column",
        "generated expression",
        [ONE_COLUMN, REPLACE],
        &[
            "int AS (z + 1) STORED",
            "int AS (z * 2) STORED",
            "int AS (if(z > 1, 1, 2)) STORED",
        ],
        &["table {t} columns.c.generated.expression"],
    ),
    attribute(
        "column",
        "generated text",
        [ONE_COLUMN, REPLACE],
        &[
            "varchar(30) AS (concat('it''s', z))",
            "varchar(30) AS (concat('\\\\', z))",
            "varchar(30) AS (concat('😀ü', z))",
        ],
        &["table {t} columns.c.generated.expression"],
    ),
    attribute(
        "column",
        "generated storage",
        [ONE_COLUMN, REPLACE],
        &["int AS (z + 1) STORED", "int AS (z + 1) VIRTUAL"],
        &["table {t} columns.c.generated.storage"],
    ),
    attribute(
        "column",
        "generated or not",
        [ONE_COLUMN, REPLACE],
        &["~int", "int AS (z + 1) STORED"],
        &["table {t} columns.c.generated"],
    ),
    attribute(
        "column",
        "virtual or not",
        [ONE_COLUMN, REPLACE],
        &["~int", "int AS (z + 1) VIRTUAL"],
        &["table {t} columns.c.generated"],
    ),
    attribute(
        "column",
        "invisible",
        [ONE_COLUMN, MODIFY],
        &["~int", "int INVISIBLE"],
        &["table {t} columns.c.invisible"],
    ),
    attribute(
        "column",
        "auto_increment",
        ["CREATE TABLE {t} (c int PRIMARY KEY)", MODIFY],
        &["~int", "int AUTO_INCREMENT"],
        &["table {t} columns.c.auto_increment"],
    ),
    attribute(
        "column",
        "collation",
        [ONE_COLUMN, MODIFY],
        &[
            "~varchar(20)",
            "varchar(20) COLLATE utf8mb4_bin",
            "varchar(20) CHARACTER SET latin1",
            "national varchar(20)",
        ],
        &["table {t} columns.c.collation"],
    ),
    attribute(
        "column",
        "srid",
        [ONE_COLUMN, MODIFY],
        &["~point", "point SRID 4326", "point SRID 0"],
        &["table {t} columns.c.srid"],
    ),
    attribute(
        "column",
        "comment",
        [ONE_COLUMN, MODIFY],
        &["int COMMENT 'it''s'", "int COMMENT 'b\\\\\\nü'"],
        &["table {t} comments.columns.c"],
    ),
];

pub const TABLES: &[Attribute] = &[
    attribute(
        "table",
        "itself",
        ["", ""],
        &[
            "CREATE TABLE {t} (a int AUTO_INCREMENT, b varchar(20) NOT NULL DEFAULT 'x' COMMENT 'c', \
             c varchar(9) AS (lower(b)) INVISIBLE, PRIMARY KEY (a), KEY k (b(3)), FULLTEXT KEY f (b) WITH PARSER ngram, \
             CHECK (b > 'a')) DEFAULT CHARSET latin1 ROW_FORMAT = COMPRESSED COMMENT 'it''s'",
            "~DROP TABLE {t}",
        ],
        &[
            "table {t}",
            "index {t}.PRIMARY",
            "index {t}.k",
            "index {t}.f",
            "check {t}.{t}_chk_1",
        ],
    ),
    attribute(
        "table",
        "name",
        ["CREATE TABLE {t} (a int)", ""],
        &["RENAME TABLE {t}_ TO {t}", "RENAME TABLE {t} TO {t}_"],
        &["-table {t}", "+table {t}_"],
    ),
    attribute(
        "table",
        "engine",
        ["CREATE TABLE {t} (a int)", "ALTER TABLE {t} ENGINE = {v}"],
        &["~InnoDB", "MyISAM", "MEMORY"],
        &["table {t} engine"],
    ),
    attribute(
        "table",
        "collation with its columns",
        [
            "CREATE TABLE {t} (a varchar(20), b char(9))",
            "ALTER TABLE {t} CONVERT TO CHARACTER SET {v}",
        ],
        &[
            "~utf8mb4 COLLATE utf8mb4_0900_ai_ci",
            "utf8mb4 COLLATE utf8mb4_general_ci",
            "latin1 COLLATE latin1_swedish_ci",
        ],
        &["table {t} collation"],
    ),
    attribute(
        "table",
        "row format",
        [
            "CREATE TABLE {t} (a int)",
            "ALTER TABLE {t} ROW_FORMAT = {v}",
        ],
        &["~DEFAULT", "DYNAMIC", "COMPRESSED", "REDUNDANT"],
        &["table {t} row_format"],
    ),
    attribute(
        "table",
        "stats_persistent",
        [
            "CREATE TABLE {t} (a int)",
            "ALTER TABLE {t} STATS_PERSISTENT = {v}",
        ],
        &["~DEFAULT", "0", "1"],
        &["table {t} stats_persistent"],
    ),
    attribute(
        "table",
        "stats_sample_pages",
        [
            "CREATE TABLE {t} (a int, PRIMARY KEY (a)) STATS_PERSISTENT = 1",
            "ALTER TABLE {t} STATS_SAMPLE_PAGES = {v}",
        ],
        &["~DEFAULT", "10", "20"],
        &["table {t} stats_sample_pages"],
    ),
    attribute(
        "table",
        "max_rows",
        [
            "CREATE TABLE {t} (a int) STATS_PERSISTENT = 1",
            "ALTER TABLE {t} MAX_ROWS = {v}",
        ],
        &["~0", "10", "20"],
        &["table {t} max_rows"],
    ),
    attribute(
        "table",
        "key_block_size",
        [
            "CREATE TABLE {t} (a int) ROW_FORMAT = COMPRESSED STATS_PERSISTENT = 1",
            "ALTER TABLE {t} KEY_BLOCK_SIZE = {v}",
        ],
        &["~0", "4", "8"],
        &["table {t} key_block_size"],
    ),
    attribute(
        "table",
        "comment",
        [
            "CREATE TABLE {t} (a int COMMENT 'k')",
            "ALTER TABLE {t} COMMENT = {v}",
        ],
        &["'a'", "'it''s \\\\'"],
        &["table {t} comments.table"],
    ),
];

const INDEXED: &str = "CREATE TABLE {t} (id int PRIMARY KEY, a int, b varchar(40), c text, j json, \
     p point NOT NULL SRID 4326, UNIQUE KEY u (a), KEY k (a))";
const INDEX: &str = "ALTER TABLE {t} DROP KEY k, ADD {v}";

pub const INDEXES: &[Attribute] = &[
    attribute(
        "index",
        "itself",
        [INDEXED, ""],
        &["CREATE INDEX k ON {t} (a)", "~DROP INDEX k ON {t}"],
        &["index {t}.k"],
    ),
    attribute(
        "index",
        "itself, unique",
        [INDEXED, ""],
        &["CREATE UNIQUE INDEX u ON {t} (a)", "~DROP INDEX u ON {t}"],
        &["index {t}.u"],
    ),
    attribute(
        "index",
        "name",
        [INDEXED, ""],
        &[
            "ALTER TABLE {t} RENAME INDEX l TO k",
            "ALTER TABLE {t} RENAME INDEX k TO l",
        ],
        &["-index {t}.k", "+index {t}.l"],
    ),
    attribute(
        "index",
        "parts: columns, order, prefix, direction, expressions, several values",
        [INDEXED, INDEX],
        &[
            "KEY k (a)",
            "KEY k (b)",
            "KEY k (a, b)",
            "KEY k (b, a)",
            "KEY k (b(5), a)",
            "KEY k (b(6), a)",
            "KEY k (b DESC)",
            "KEY k (c(20) DESC)",
            "KEY k ((lower(b)))",
            "KEY k ((concat(b, 'it''s')), a DESC)",
            "KEY k ((a + 1) DESC)",
            "KEY k ((cast(j->'$.x[*]' AS unsigned array)))",
            "KEY k (a, (cast(j->'$.y[*]' AS char(20) array)))",
        ],
        &["index {t}.k parts"],
    ),
    attribute(
        "index",
        "unique",
        [INDEXED, INDEX],
        &["KEY k (a)", "UNIQUE KEY k (a)"],
        &["index {t}.k unique"],
    ),
    attribute(
        "index",
        "invisible",
        [INDEXED, "ALTER TABLE {t} ALTER INDEX k {v}"],
        &["~VISIBLE", "INVISIBLE"],
        &["index {t}.k invisible"],
    ),
    attribute(
        "index",
        "type",
        [INDEXED, INDEX],
        &["~KEY k (b)", "FULLTEXT KEY k (b)"],
        &["index {t}.k type"],
    ),
    attribute(
        "index",
        "type of a table in memory",
        ["CREATE TABLE {t} (a int, KEY k (a)) ENGINE = MEMORY", INDEX],
        &["~KEY k (a) USING BTREE", "KEY k (a) USING HASH"],
        &["index {t}.k type"],
    ),
    attribute(
        "index",
        "parser",
        [
            INDEXED,
            "ALTER TABLE {t} DROP KEY k; ALTER TABLE {t} ADD {v}",
        ],
        &[
            "~FULLTEXT KEY k (b, c)",
            "FULLTEXT KEY k (b, c) WITH PARSER ngram",
        ],
        &["index {t}.k parser"],
    ),
    attribute(
        "index",
        "itself, spatial",
        [INDEXED, ""],
        &[
            "ALTER TABLE {t} ADD SPATIAL KEY s (p)",
            "~ALTER TABLE {t} DROP KEY s",
        ],
        &["index {t}.s"],
    ),
    attribute(
        "index",
        "itself, full text",
        [INDEXED, ""],
        &[
            "ALTER TABLE {t} ADD FULLTEXT KEY s (c)",
            "~ALTER TABLE {t} DROP KEY s",
        ],
        &["index {t}.s"],
    ),
    attribute(
        "index",
        "comment",
        [INDEXED, INDEX],
        &["KEY k (a) COMMENT 'a'", "KEY k (a) COMMENT 'it''s'"],
        &["table {t} comments.indexes.k"],
    ),
    attribute(
        "index",
        "itself, primary",
        ["CREATE TABLE {t} (a int NOT NULL, b int NOT NULL)", ""],
        &[
            "ALTER TABLE {t} ADD PRIMARY KEY (a)",
            "~ALTER TABLE {t} DROP PRIMARY KEY",
        ],
        &["index {t}.PRIMARY"],
    ),
    attribute(
        "index",
        "parts of a primary key",
        [
            "CREATE TABLE {t} (a int NOT NULL, b int NOT NULL, PRIMARY KEY (a))",
            "ALTER TABLE {t} DROP PRIMARY KEY, ADD PRIMARY KEY {v}",
        ],
        &["(a)", "(a, b)", "(b)"],
        &["index {t}.PRIMARY parts"],
    ),
];

const FAMILY: &str = "CREATE TABLE {t}_p (a int, b int, c int, PRIMARY KEY (a), UNIQUE KEY (b), KEY (a, b)); \
     CREATE TABLE {t}_q (a int PRIMARY KEY); \
     CREATE TABLE {t} (x int, y int, KEY kx (x, y), KEY ky (y), \
     CONSTRAINT f{t} FOREIGN KEY (x) REFERENCES {t}_p (a))";
const FOREIGN_KEY: &str = "ALTER TABLE {t} DROP FOREIGN KEY f{t}; \
     ALTER TABLE {t} ADD CONSTRAINT f{t} FOREIGN KEY {v}";

pub const FOREIGN_KEYS: &[Attribute] = &[
    attribute(
        "foreign_key",
        "itself",
        [FAMILY, ""],
        &[
            "ALTER TABLE {t} ADD CONSTRAINT f{t} FOREIGN KEY (x) REFERENCES {t}_p (a)",
            "~ALTER TABLE {t} DROP FOREIGN KEY f{t}",
        ],
        &["foreign_key {t}.f{t}"],
    ),
    attribute(
        "foreign_key",
        "name",
        [FAMILY, ""],
        &[
            "ALTER TABLE {t} DROP FOREIGN KEY g{t}; \
             ALTER TABLE {t} ADD CONSTRAINT f{t} FOREIGN KEY (x) REFERENCES {t}_p (a)",
            "ALTER TABLE {t} DROP FOREIGN KEY f{t}; \
             ALTER TABLE {t} ADD CONSTRAINT g{t} FOREIGN KEY (x) REFERENCES {t}_p (a)",
        ],
        &["-foreign_key {t}.f{t}", "+foreign_key {t}.g{t}"],
    ),
    attribute(
        "foreign_key",
        "its index is the server's, so both go and come",
        [
            "CREATE TABLE {t}_p (a int PRIMARY KEY); CREATE TABLE {t} (x int)",
            "",
        ],
        &[
            "ALTER TABLE {t} ADD CONSTRAINT f{t} FOREIGN KEY (x) REFERENCES {t}_p (a)",
            "~ALTER TABLE {t} DROP FOREIGN KEY f{t}; ALTER TABLE {t} DROP KEY f{t}",
        ],
        &["foreign_key {t}.f{t}", "index {t}.f{t}"],
    ),
    attribute(
        "foreign_key",
        "columns",
        [FAMILY, FOREIGN_KEY],
        &["(x) REFERENCES {t}_p (a)", "(y) REFERENCES {t}_p (a)"],
        &["foreign_key {t}.f{t} columns"],
    ),
    attribute(
        "foreign_key",
        "referenced table",
        [FAMILY, FOREIGN_KEY],
        &["(x) REFERENCES {t}_p (a)", "(x) REFERENCES {t}_q (a)"],
        &["foreign_key {t}.f{t} references"],
    ),
    attribute(
        "foreign_key",
        "referenced columns",
        [FAMILY, FOREIGN_KEY],
        &["(x) REFERENCES {t}_p (a)", "(x) REFERENCES {t}_p (b)"],
        &["foreign_key {t}.f{t} referenced_columns"],
    ),
    attribute(
        "foreign_key",
        "on delete",
        [FAMILY, FOREIGN_KEY],
        &[
            "~(x) REFERENCES {t}_p (a) ON DELETE RESTRICT",
            "(x) REFERENCES {t}_p (a) ON DELETE CASCADE",
            "(x) REFERENCES {t}_p (a) ON DELETE SET NULL",
        ],
        &["foreign_key {t}.f{t} on_delete"],
    ),
    attribute(
        "foreign_key",
        "on update",
        [FAMILY, FOREIGN_KEY],
        &[
            "~(x) REFERENCES {t}_p (a) ON UPDATE NO ACTION",
            "(x) REFERENCES {t}_p (a) ON UPDATE CASCADE",
            "(x) REFERENCES {t}_p (a) ON UPDATE SET NULL",
        ],
        &["foreign_key {t}.f{t} on_update"],
    ),
    attribute(
        "foreign_key",
        "the type of the columns that it joins",
        [
            "CREATE TABLE {t}_p (a int PRIMARY KEY); \
             CREATE TABLE {t} (x int, CONSTRAINT f{t} FOREIGN KEY (x) REFERENCES {t}_p (a))",
            "ALTER TABLE {t} DROP FOREIGN KEY f{t}; ALTER TABLE {t} MODIFY x {v}; \
             ALTER TABLE {t}_p MODIFY a {v}; \
             ALTER TABLE {t} ADD CONSTRAINT f{t} FOREIGN KEY (x) REFERENCES {t}_p (a)",
        ],
        &["int", "bigint"],
        &["table {t} columns.x.type", "table {t}_p columns.a.type"],
    ),
];

const CHECKED: &str = "CREATE TABLE {t} (a int, b varchar(20), CONSTRAINT c{t} CHECK (a > 0))";
const CHECK: &str = "ALTER TABLE {t} DROP CHECK c{t}, ADD CONSTRAINT c{t} CHECK ({v})";

pub const CHECKS: &[Attribute] = &[
    attribute(
        "check",
        "itself",
        [CHECKED, ""],
        &[
            "ALTER TABLE {t} ADD CONSTRAINT c{t} CHECK (a > 0)",
            "~ALTER TABLE {t} DROP CHECK c{t}",
        ],
        &["check {t}.c{t}"],
    ),
    attribute(
        "check",
        "name",
        [CHECKED, ""],
        &[
            "ALTER TABLE {t} DROP CHECK d{t}, ADD CONSTRAINT c{t} CHECK (a > 0)",
            "ALTER TABLE {t} DROP CHECK c{t}, ADD CONSTRAINT d{t} CHECK (a > 0)",
        ],
        &["-check {t}.c{t}", "+check {t}.d{t}"],
    ),
    attribute(
        "check",
        "expression",
        [CHECKED, CHECK],
        &[
            "a > 0",
            "a > 1",
            "b IN ('a', 'it''s')",
            "b <> '\\\\'",
            "b <> '\\n'",
            "b LIKE 'ü😀%'",
            "regexp_like(b, '^[a-z]+$')",
            "a IS NOT NULL AND (b = 'x' OR a BETWEEN 1 AND 2)",
        ],
        &["check {t}.c{t} expression"],
    ),
    attribute(
        "check",
        "enforced",
        [CHECKED, "ALTER TABLE {t} ALTER CHECK c{t} {v}"],
        &["ENFORCED", "NOT ENFORCED"],
        &["check {t}.c{t} enforced"],
    ),
];

const PARTITIONED: &str = "CREATE TABLE {t} (a int NOT NULL, b int NOT NULL, d date NOT NULL)";
const PARTITION: &str = "ALTER TABLE {t} PARTITION BY {v}";

pub const PARTITIONS: &[Attribute] = &[
    attribute(
        "partition",
        "all",
        [PARTITIONED, ""],
        &[
            "ALTER TABLE {t} PARTITION BY RANGE (a) (PARTITION p VALUES LESS THAN (10), PARTITION q VALUES LESS THAN MAXVALUE)",
            "~ALTER TABLE {t} REMOVE PARTITIONING",
        ],
        &["table {t} partitions"],
    ),
    attribute(
        "partition",
        "one of the list",
        [
            "CREATE TABLE {t} (a int) PARTITION BY RANGE (a) (PARTITION p VALUES LESS THAN (10))",
            "",
        ],
        &[
            "~ALTER TABLE {t} DROP PARTITION q",
            "ALTER TABLE {t} ADD PARTITION (PARTITION q VALUES LESS THAN (20))",
        ],
        &["table {t} partitions.list.q"],
    ),
    attribute(
        "partition",
        "name",
        [PARTITIONED, PARTITION],
        &[
            "LIST (a) (PARTITION p VALUES IN (1,2))",
            "LIST (a) (PARTITION q VALUES IN (1,2))",
        ],
        &[
            "-table {t} partitions.list.p",
            "+table {t} partitions.list.q",
        ],
    ),
    attribute(
        "partition",
        "values",
        [PARTITIONED, PARTITION],
        &[
            "RANGE (a) (PARTITION p VALUES LESS THAN (10))",
            "RANGE (a) (PARTITION p VALUES LESS THAN (20))",
            "RANGE (a) (PARTITION p VALUES LESS THAN MAXVALUE)",
        ],
        &["table {t} partitions.list.p"],
    ),
    attribute(
        "partition",
        "values of a list of columns",
        [PARTITIONED, PARTITION],
        &[
            "LIST COLUMNS (a, d) (PARTITION p VALUES IN ((1,'2020-01-01')))",
            "LIST COLUMNS (a, d) (PARTITION p VALUES IN ((1,'2020-01-01'),(2,'2020-01-01')))",
        ],
        &["table {t} partitions.list.p"],
    ),
    attribute(
        "partition",
        "method",
        [PARTITIONED, PARTITION],
        &["HASH (a) PARTITIONS 2", "LINEAR HASH (a) PARTITIONS 2"],
        &["table {t} partitions.method"],
    ),
    attribute(
        "partition",
        "algorithm of a key",
        [PARTITIONED, PARTITION],
        &[
            "KEY (a) PARTITIONS 2",
            "KEY ALGORITHM=1 (a) PARTITIONS 2",
            "LINEAR KEY (a) PARTITIONS 2",
        ],
        &["table {t} partitions.method"],
    ),
    attribute(
        "partition",
        "expression",
        [PARTITIONED, PARTITION],
        &[
            "HASH (a) PARTITIONS 2",
            "HASH (a + b) PARTITIONS 2",
            "HASH (year(d)) PARTITIONS 2",
        ],
        &["table {t} partitions.expression"],
    ),
    attribute(
        "partition",
        "count",
        [PARTITIONED, PARTITION],
        &["HASH (a) PARTITIONS 2", "HASH (a) PARTITIONS 3"],
        &["table {t} partitions.count"],
    ),
    attribute(
        "partition",
        "subpartitions",
        [PARTITIONED, PARTITION],
        &[
            "~RANGE COLUMNS (d) (PARTITION p VALUES LESS THAN ('2030-01-01'))",
            "RANGE COLUMNS (d) SUBPARTITION BY HASH (a) SUBPARTITIONS 2 (PARTITION p VALUES LESS THAN ('2030-01-01'))",
        ],
        &["table {t} partitions.subpartitions"],
    ),
    attribute(
        "partition",
        "count of subpartitions",
        [PARTITIONED, PARTITION],
        &[
            "RANGE (a) SUBPARTITION BY KEY (b) SUBPARTITIONS 2 (PARTITION p VALUES LESS THAN (1))",
            "RANGE (a) SUBPARTITION BY KEY (b) SUBPARTITIONS 3 (PARTITION p VALUES LESS THAN (1))",
        ],
        &["table {t} partitions.subpartitions.count"],
    ),
    attribute(
        "partition",
        "comment",
        [PARTITIONED, PARTITION],
        &[
            "RANGE (a) (PARTITION p VALUES LESS THAN (1) COMMENT 'a')",
            "RANGE (a) (PARTITION p VALUES LESS THAN (1) COMMENT 'it''s')",
        ],
        &["table {t} comments.partitions.p"],
    ),
];
