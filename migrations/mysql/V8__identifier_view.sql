-- flask-migrate revision 65099af7d24f
CREATE TABLE identifier_view (
  house_id INT NOT NULL,
  identifier VARCHAR(256) NOT NULL,
  view_name VARCHAR(256) NOT NULL,
  PRIMARY KEY (house_id, identifier),
  FOREIGN KEY (house_id) REFERENCES house (house_id)
);
