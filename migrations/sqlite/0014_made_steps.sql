-- How many steps were made and how many were spared by the cache: counted at each look at the figures.
CREATE INDEX execution_nodes_made ON execution_nodes (cached) WHERE status = 'succeeded' AND content_key IS NOT NULL;

INSERT INTO oldest_program (migration, version) VALUES (14, '0.2.0');
