-- flask-migrate revision 08e383bb915f
CREATE TABLE house (
  house_id INT NOT NULL AUTO_INCREMENT,
  name VARCHAR(256) NOT NULL,
  description TEXT NOT NULL,
  PRIMARY KEY (house_id)
);
ALTER TABLE device ADD COLUMN house_id INT NULL;
-- The server names the foreign key (device_ibfk_1) and its index (house_id), as it did for flask-migrate.
ALTER TABLE device ADD FOREIGN KEY (house_id) REFERENCES house (house_id);
