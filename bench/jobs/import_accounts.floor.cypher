// The floor of an import: accounts, without parents.
// mode: write
// params: rows, by
UNWIND $rows AS row
MERGE (a:Account {externalId: row.Id})
ON CREATE SET a.id = randomUUID(), a.createdAt = datetime(), a.createdBy = $by
SET a.name = row.Name, a.nameKey = toLower(trim(row.Name)), a.type = row.Type, a.industry = row.Industry,
  a.annualRevenue = toFloat(row.AnnualRevenue), a.employeeCount = toInteger(row.NumberOfEmployees), a.city = row.BillingCity,
  a.state = row.BillingState, a.country = row.BillingCountry, a.website = row.Website, a.updatedAt = datetime(), a.updatedBy = $by
