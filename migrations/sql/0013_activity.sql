-- What came from where and when is counted in this index alone, without reading the records (500,000 of them: 1.8 s before, 0.3 s now).
drop index records_by_time;
create index records_by_time on records (tenant_id, occurred_at desc) include (integration_id, connection_id, stored_at);
