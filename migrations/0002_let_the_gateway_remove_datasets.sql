-- DELETE /v1/datasets/{id}.
GRANT DELETE ON dataset TO sundog_gateway;
