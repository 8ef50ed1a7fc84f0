CREATE TABLE IF NOT EXISTS public.sgmp_db_ledger (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  event varchar(16) NOT NULL, -- apply, revert, adopt, resolve, policy, role
  version integer,
  name varchar(255),
  state varchar(16) NOT NULL, -- running, done, failed, stopped
  checksum varchar(80), -- sha256:v1:<hex> of the script with LF line ends and no BOM
  script text, -- the text that ran
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
  snapshot text, -- the schema expected after this entry
  fingerprint varchar(80) -- of the snapshot
);
COMMENT ON TABLE public.sgmp_db_ledger IS 'sgmp-db ledger format 1';
CREATE INDEX IF NOT EXISTS ix_sgmp_db_ledger_version ON public.sgmp_db_ledger (version);
