// What lists are searched and ordered by. nameKey is the name in lower case without surrounding white space.
// mode: schema
CREATE INDEX account_name IF NOT EXISTS FOR (n:Account) ON (n.name, n.id);
CREATE TEXT INDEX account_name_key IF NOT EXISTS FOR (n:Account) ON (n.nameKey);
CREATE INDEX person_name IF NOT EXISTS FOR (n:Person) ON (n.name, n.id);
CREATE TEXT INDEX person_name_key IF NOT EXISTS FOR (n:Person) ON (n.nameKey);
CREATE INDEX product_name IF NOT EXISTS FOR (n:Product) ON (n.name, n.id);
CREATE INDEX buying_group_name IF NOT EXISTS FOR (n:BuyingGroup) ON (n.name, n.id);
CREATE TEXT INDEX buying_group_name_key IF NOT EXISTS FOR (n:BuyingGroup) ON (n.nameKey);
CREATE INDEX buying_group_interest IF NOT EXISTS FOR (n:BuyingGroup) ON (n.interestId, n.id);
CREATE INDEX activity_type_time IF NOT EXISTS FOR (n:Activity) ON (n.type, n.occurredAt);
CREATE INDEX job_status IF NOT EXISTS FOR (n:Job) ON (n.status, n.createdAt);
