/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!50503 SET character_set_client = utf8mb4 */;
CREATE TABLE `meter` (
  `id` int NOT NULL,
  `name` varchar(64) NOT NULL COMMENT 'der Zähler',
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;
/*!40101 SET character_set_client = @saved_cs_client */;
INSERT INTO `meter` VALUES (1,'Küche');
INSERT INTO `meter` VALUES (2,'Büro € 𝄞');
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!50503 SET character_set_client = utf8mb4 */;
CREATE TABLE `reading` (
  `id` int NOT NULL,
  `meter_id` int NOT NULL,
  `watts` int NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;
/*!40101 SET character_set_client = @saved_cs_client */;
INSERT INTO `reading` VALUES (1,1,5);
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!50503 SET character_set_client = utf8mb4 */;
CREATE TABLE `refinery_schema_history` (
  `version` int NOT NULL,
  `name` varchar(255) DEFAULT NULL,
  `applied_on` varchar(255) DEFAULT NULL,
  `checksum` varchar(255) DEFAULT NULL,
  PRIMARY KEY (`version`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;
/*!40101 SET character_set_client = @saved_cs_client */;
INSERT INTO `refinery_schema_history` VALUES (1,'meters','2026-11-27T02:46:53.93554656Z','14020773412455929558');
INSERT INTO `refinery_schema_history` VALUES (2,'readings','2026-11-27T02:46:53.951470973Z','16120956453100931918');
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!50503 SET character_set_client = utf8mb4 */;
CREATE TABLE `sgmp_db_ledger` (
  `id` bigint NOT NULL AUTO_INCREMENT,
  `event` varchar(16) NOT NULL COMMENT 'apply, revert, adopt, resolve, policy, role',
  `version` int DEFAULT NULL,
  `name` varchar(255) DEFAULT NULL,
  `state` varchar(16) NOT NULL COMMENT 'running, done, failed, stopped',
  `checksum` varchar(80) DEFAULT NULL COMMENT 'sha256:v1:<hex> of the script with LF line ends and no BOM',
  `script` longtext COMMENT 'the text that ran',
  `statements_total` int NOT NULL,
  `statements_done` int NOT NULL COMMENT 'in the database for certain',
  `in_flight` int DEFAULT NULL COMMENT 'number of the statement whose end is not recorded',
  `in_flight_sha256` char(64) DEFAULT NULL,
  `evidence` longtext COMMENT 'what the statement in flight found, for deciding after a crash',
  `continues` bigint DEFAULT NULL COMMENT 'the entry that this one resumes',
  `started_at` datetime(6) NOT NULL COMMENT 'UTC',
  `finished_at` datetime(6) DEFAULT NULL COMMENT 'UTC',
  `duration_ms` bigint DEFAULT NULL,
  `error` text,
  `os_user` varchar(255) NOT NULL,
  `os_host` varchar(255) NOT NULL,
  `database_user` varchar(255) NOT NULL,
  `tool_version` varchar(64) NOT NULL,
  `details` text,
  `snapshot` longtext COMMENT 'the schema expected after this entry',
  `fingerprint` varchar(80) DEFAULT NULL COMMENT 'of the snapshot',
  PRIMARY KEY (`id`),
  KEY `ix_sgmp_db_ledger_version` (`version`)
) ENGINE=InnoDB AUTO_INCREMENT=4 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='sgmp-db ledger format 1';
/*!40101 SET character_set_client = @saved_cs_client */;
INSERT INTO `sgmp_db_ledger` VALUES (1,'apply',1,'meters','done','sha256:v1:38349aecfa2cdafbbc6ac4d0075e013e565ba0e84491ade4e7127bb955088e1c','-- Zähler und ihre Räume: text of several bytes a character must come through.\nCREATE TABLE meter (\n  id int PRIMARY KEY,\n  name varchar(64) NOT NULL COMMENT \'der Zähler\'\n);\nINSERT INTO meter VALUES (1, \'Küche\'), (2, \'Büro € 𝄞\');\n',2,2,NULL,NULL,NULL,NULL,'2026-11-27 02:46:53.917291','2026-11-27 02:46:53.944827',27,NULL,'operator','laptop','root@%','0.1.0',NULL,NULL,NULL);
INSERT INTO `sgmp_db_ledger` VALUES (2,'apply',2,'readings','done','sha256:v1:255fee70e4b25b0512a4b56598f741b553f409515e79bf6689012f135b3cb623','CREATE TABLE reading (id int PRIMARY KEY, meter_id int NOT NULL, watts int NOT NULL);\n',1,1,NULL,NULL,NULL,NULL,'2026-11-27 02:46:53.944961','2026-11-27 02:46:53.994391',49,NULL,'operator','laptop','root@%','0.1.0',NULL,'# The schema that the migrations leave. Written by: sgmp-db snapshot\nformat: 1\nengine: mysql\nserver: 9.7\nversion: 2\nfingerprint: sha256:87925ec94d9e1191ed4c721fb6a0a69f7cdcb056c96ae289fd74ce8d71afa992\n\ndatabase defaults\n  collation: utf8mb4_0900_ai_ci\n\nindex meter.PRIMARY\n  unique: true\n  parts: [\"`id`\"]\n\nindex reading.PRIMARY\n  unique: true\n  parts: [\"`id`\"]\n\ntable meter\n  columns:\n    id:\n      type: int\n      nullable: false\n    name:\n      type: varchar(64)\n      nullable: false\n  column_order: [\"id\", \"name\"]\n  ~ comments:\n    columns:\n      name: der Zähler\n\ntable reading\n  columns:\n    id:\n      type: int\n      nullable: false\n    meter_id:\n      type: int\n      nullable: false\n    watts:\n      type: int\n      nullable: false\n  column_order: [\"id\", \"meter_id\", \"watts\"]\n','sha256:87925ec94d9e1191ed4c721fb6a0a69f7cdcb056c96ae289fd74ce8d71afa992');
INSERT INTO `sgmp_db_ledger` VALUES (3,'apply',3,'half','running','sha256:v1:65613a8bd2e43ee77b8d85468008e6b21bc9b207262321541b3d3b0d6a7f2219','INSERT INTO reading VALUES (1, 1, 5);\nALTER TABLE reading ADD COLUMN note varchar(20) NULL;\nUPDATE reading SET watts = watts + 1, note = \'seen\';\n',3,1,2,'a061060ea1e55f6b5f0af228c438886bcee14b9ec9f3b24a53e990c33184784b','[\"CREATE TABLE `reading` (\\n  `id` int NOT NULL,\\n  `meter_id` int NOT NULL,\\n  `watts` int NOT NULL,\\n  PRIMARY KEY (`id`)\\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci\"]',NULL,'2026-11-27 02:46:56.057129',NULL,NULL,NULL,'operator','laptop','root@%','0.1.0',NULL,NULL,NULL);
