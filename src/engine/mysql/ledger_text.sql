CREATE TABLE IF NOT EXISTS sgmp_db_ledger_text (
  entry bigint NOT NULL COMMENT 'of the ledger',
  kind varchar(32) NOT NULL COMMENT 'script, snapshot, evidence N',
  part int NOT NULL COMMENT 'from 0',
  same_as bigint NULL COMMENT 'the entry that has the same text; then this has none',
  body longblob NOT NULL COMMENT 'UTF-8, as COMPRESS() writes it: UNCOMPRESS(body) reads it',
  PRIMARY KEY (entry, kind, part)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='Long texts of sgmp_db_ledger, which no statement updates'
