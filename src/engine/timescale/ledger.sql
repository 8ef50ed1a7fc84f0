CREATE TABLE IF NOT EXISTS public.sgmp_db_ledger (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  event varchar(16) NOT NULL, -- apply, revert, adopt, resolve, policy, role, drift
  version integer,
  name varchar(255),
  state varchar(16) NOT NULL, -- running, done, failed, stopped
  checksum varchar(80), -- sha256:v1:<hex> of the script with LF line ends and no BOM
  statements_total integer NOT NULL,
  statements_done integer NOT NULL, -- in the database for certain
  in_flight integer, -- number of the statement whose end is not recorded
  in_flight_sha256 char(64),
  evidence text, -- what the statement in flight found, for deciding after a crash
  continues bigint, -- the entry that this one resumes
  started_at timestamptz NOT NULL,
  finished_at timestamptz,
  duration_ms bigint,
  error text,
  os_user varchar(255) NOT NULL,
  os_host varchar(255) NOT NULL,
  database_user varchar(255) NOT NULL,
  tool_version varchar(64) NOT NULL,
  details text,
  fingerprint varchar(80) -- of the snapshot, which is in sgmp_db_ledger_text
);
CREATE INDEX IF NOT EXISTS ix_sgmp_db_ledger_version ON public.sgmp_db_ledger (version);
-- Long texts, which no statement updates.
CREATE TABLE IF NOT EXISTS public.sgmp_db_ledger_text (
  entry bigint NOT NULL, -- of the ledger
  kind varchar(32) NOT NULL, -- script, snapshot
  part integer NOT NULL, -- from 0
  same_as bigint, -- the entry that has the same text; then this has none
  body bytea NOT NULL, -- UTF-8
  PRIMARY KEY (entry, kind, part)
);
DO LANGUAGE plpgsql $sgmp_db$ BEGIN
  IF pg_catalog.obj_description('public.sgmp_db_ledger'::pg_catalog.regclass, 'pg_class') IS NULL THEN
    COMMENT ON TABLE public.sgmp_db_ledger IS 'sgmp-db ledger format 2';
  END IF;
END $sgmp_db$;
