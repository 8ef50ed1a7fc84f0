-- flask-migrate revision 1e0b7b8ffdb3
CREATE TABLE analytics (
  analytics_id INT NOT NULL AUTO_INCREMENT,
  name VARCHAR(256) NOT NULL,
  description TEXT NOT NULL,
  formula TEXT NOT NULL,
  PRIMARY KEY (analytics_id)
);
CREATE TABLE device (
  device_id INT NOT NULL AUTO_INCREMENT,
  name VARCHAR(256) NOT NULL,
  description TEXT NOT NULL,
  type VARCHAR(256) NOT NULL,
  config TEXT NOT NULL,
  PRIMARY KEY (device_id)
);
CREATE INDEX ix_device_name ON device (name);
