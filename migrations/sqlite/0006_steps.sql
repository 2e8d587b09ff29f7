-- A run is planned once: what each node of an execution does is stored with it, and which nodes wait for which.

-- NULL: begun by an earlier version, planned anew at the start.
ALTER TABLE execution_nodes ADD COLUMN step JSON;
CREATE INDEX execution_nodes_status ON execution_nodes (execution_id, status, job_id);

CREATE TABLE execution_needs (
    execution_id TEXT NOT NULL,
    needed_id TEXT NOT NULL,
    node_id TEXT NOT NULL,
    PRIMARY KEY (execution_id, needed_id, node_id),
    FOREIGN KEY (execution_id, node_id) REFERENCES execution_nodes (execution_id, node_id) ON DELETE CASCADE
);
CREATE INDEX execution_needs_node ON execution_needs (execution_id, node_id);

-- The nodes of a stored definition with what their clips are to the workflow, so that the end of a step finds its node without reading the definition.
CREATE TABLE workflow_nodes (
    workflow_id TEXT NOT NULL REFERENCES workflows (id) ON DELETE CASCADE,
    node_id TEXT NOT NULL,
    node_type TEXT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (workflow_id, node_id)
);
-- The revision whose nodes are listed there; 0: none yet.
ALTER TABLE workflows ADD COLUMN listed_revision INTEGER NOT NULL DEFAULT 0;
