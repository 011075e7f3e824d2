// What identifies each kind of node. Uniqueness is all that Neo4j Community enforces; it also gives each key its index.
// mode: schema
CREATE CONSTRAINT account_id IF NOT EXISTS FOR (n:Account) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT account_external_id IF NOT EXISTS FOR (n:Account) REQUIRE n.externalId IS UNIQUE;
CREATE CONSTRAINT person_id IF NOT EXISTS FOR (n:Person) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT person_external_id IF NOT EXISTS FOR (n:Person) REQUIRE n.externalId IS UNIQUE;
CREATE CONSTRAINT product_id IF NOT EXISTS FOR (n:Product) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT product_external_id IF NOT EXISTS FOR (n:Product) REQUIRE n.externalId IS UNIQUE;
CREATE CONSTRAINT role_id IF NOT EXISTS FOR (n:Role) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT role_name IF NOT EXISTS FOR (n:Role) REQUIRE n.nameKey IS UNIQUE;
CREATE CONSTRAINT role_template_id IF NOT EXISTS FOR (n:RoleTemplate) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT role_card_id IF NOT EXISTS FOR (n:RoleCard) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT solution_interest_id IF NOT EXISTS FOR (n:SolutionInterest) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT solution_interest_name IF NOT EXISTS FOR (n:SolutionInterest) REQUIRE n.nameKey IS UNIQUE;
CREATE CONSTRAINT stage_model_id IF NOT EXISTS FOR (n:StageModel) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT stage_id IF NOT EXISTS FOR (n:Stage) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT stage_change_id IF NOT EXISTS FOR (n:StageChange) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT account_audience_id IF NOT EXISTS FOR (n:AccountAudience) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT buying_group_id IF NOT EXISTS FOR (n:BuyingGroup) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT buying_group_account_interest IF NOT EXISTS FOR (n:BuyingGroup) REQUIRE (n.accountId, n.interestId) IS UNIQUE;
CREATE CONSTRAINT membership_event_id IF NOT EXISTS FOR (n:MembershipEvent) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT buying_group_event_id IF NOT EXISTS FOR (n:BuyingGroupEvent) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT buying_group_event_seq IF NOT EXISTS FOR (n:BuyingGroupEvent) REQUIRE n.seq IS UNIQUE;
CREATE CONSTRAINT engagement_model_id IF NOT EXISTS FOR (n:EngagementModel) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT activity_id IF NOT EXISTS FOR (n:Activity) REQUIRE n.activityId IS UNIQUE;
CREATE CONSTRAINT job_id IF NOT EXISTS FOR (n:Job) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT idempotency_key_id IF NOT EXISTS FOR (n:_IdempotencyKey) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT lock_name IF NOT EXISTS FOR (n:_Lock) REQUIRE n.name IS UNIQUE;
