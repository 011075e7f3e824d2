// What lists are searched, filtered and ordered by. nameKey is the name in lower case without surrounding white space. An order
// has its sort key and the id in one index; where a filter by equality stands before both, the page is the first rows of it.
// mode: schema
CREATE TEXT INDEX account_name_key IF NOT EXISTS FOR (n:Account) ON (n.nameKey);
CREATE INDEX account_name IF NOT EXISTS FOR (n:Account) ON (n.name, n.id);
CREATE INDEX account_created IF NOT EXISTS FOR (n:Account) ON (n.createdAt, n.id);
CREATE INDEX account_updated IF NOT EXISTS FOR (n:Account) ON (n.updatedAt, n.id);
CREATE INDEX account_revenue IF NOT EXISTS FOR (n:Account) ON (n.annualRevenue, n.id);
CREATE INDEX account_employees IF NOT EXISTS FOR (n:Account) ON (n.employeeCount, n.id);
CREATE INDEX account_industry IF NOT EXISTS FOR (n:Account) ON (n.industry, n.name, n.id);
CREATE INDEX account_country IF NOT EXISTS FOR (n:Account) ON (n.country, n.name, n.id);
CREATE INDEX account_type IF NOT EXISTS FOR (n:Account) ON (n.type, n.name, n.id);
CREATE TEXT INDEX person_name_key IF NOT EXISTS FOR (n:Person) ON (n.nameKey);
CREATE INDEX person_name IF NOT EXISTS FOR (n:Person) ON (n.name, n.id);
CREATE INDEX person_created IF NOT EXISTS FOR (n:Person) ON (n.createdAt, n.id);
CREATE INDEX person_updated IF NOT EXISTS FOR (n:Person) ON (n.updatedAt, n.id);
CREATE INDEX person_engagement IF NOT EXISTS FOR (n:Person) ON (n.engagementScore, n.id);
CREATE INDEX product_name IF NOT EXISTS FOR (n:Product) ON (n.name, n.id);
CREATE TEXT INDEX buying_group_name_key IF NOT EXISTS FOR (n:BuyingGroup) ON (n.nameKey);
CREATE INDEX buying_group_name IF NOT EXISTS FOR (n:BuyingGroup) ON (n.name, n.id);
CREATE INDEX buying_group_created IF NOT EXISTS FOR (n:BuyingGroup) ON (n.createdAt, n.id);
CREATE INDEX buying_group_updated IF NOT EXISTS FOR (n:BuyingGroup) ON (n.updatedAt, n.id);
CREATE INDEX buying_group_completeness IF NOT EXISTS FOR (n:BuyingGroup) ON (n.completeness, n.id);
CREATE INDEX buying_group_engagement IF NOT EXISTS FOR (n:BuyingGroup) ON (n.engagementScore, n.id);
CREATE INDEX buying_group_status IF NOT EXISTS FOR (n:BuyingGroup) ON (n.status, n.id);
CREATE INDEX buying_group_interest IF NOT EXISTS FOR (n:BuyingGroup) ON (n.interestId, n.id);
CREATE INDEX buying_group_interest_name IF NOT EXISTS FOR (n:BuyingGroup) ON (n.interestId, n.name, n.id);
CREATE INDEX buying_group_interest_completeness IF NOT EXISTS FOR (n:BuyingGroup) ON (n.interestId, n.completeness, n.id);
CREATE INDEX buying_group_interest_engagement IF NOT EXISTS FOR (n:BuyingGroup) ON (n.interestId, n.engagementScore, n.id);
CREATE INDEX activity_type_time IF NOT EXISTS FOR (n:Activity) ON (n.type, n.occurredAt);
CREATE INDEX job_created IF NOT EXISTS FOR (n:Job) ON (n.createdAt, n.id);
CREATE INDEX job_status IF NOT EXISTS FOR (n:Job) ON (n.status, n.createdAt);
