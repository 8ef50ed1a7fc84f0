CREATE TABLE reading (id int PRIMARY KEY, meter_id int NOT NULL, watts int NOT NULL);
