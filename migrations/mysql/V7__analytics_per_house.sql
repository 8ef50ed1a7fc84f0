-- flask-migrate revision adb06291d483
-- sgmp-db: require SELECT NOT EXISTS (SELECT 1 FROM analytics) OR (SELECT COUNT(*) FROM house) = 1 because "analytics has rows, and which house they belong to is only known when there is exactly one: delete the rows, or leave one house"
CREATE TABLE identifier_dependency (
  house_id INT NOT NULL,
  identifier VARCHAR(256) NOT NULL,
  analytics_id INT NOT NULL,
  PRIMARY KEY (house_id, identifier, analytics_id),
  FOREIGN KEY (analytics_id) REFERENCES analytics (analytics_id),
  FOREIGN KEY (house_id) REFERENCES house (house_id)
);
ALTER TABLE analytics ADD COLUMN house_id INT NULL;
-- There is one house, or there are no rows. Without MIN the server would complain about two houses even then.
UPDATE analytics SET house_id = (SELECT MIN(house_id) FROM house);
ALTER TABLE analytics MODIFY COLUMN house_id INT NOT NULL;
DROP INDEX ix_analytics_name ON analytics;
CREATE INDEX house_id_name ON analytics (house_id, name);
ALTER TABLE analytics ADD FOREIGN KEY (house_id) REFERENCES house (house_id);
