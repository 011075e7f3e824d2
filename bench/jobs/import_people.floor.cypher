// The floor of an import: people, with the account that employs each.
// mode: write
// params: rows, by
UNWIND $rows AS row
MERGE (p:Person {externalId: row.Id})
ON CREATE SET p.id = randomUUID(), p.createdAt = datetime(), p.createdBy = $by
SET p.firstName = row.FirstName, p.lastName = row.LastName, p.name = row.FirstName + ' ' + row.LastName,
  p.nameKey = toLower(trim(row.FirstName + ' ' + row.LastName)), p.jobTitle = row.Title, p.department = row.Department,
  p.email = row.Email, p.phone = row.Phone, p.mobilePhone = row.MobilePhone, p.city = row.MailingCity, p.state = row.MailingState,
  p.postalCode = row.MailingPostalCode, p.country = row.MailingCountry, p.emailSuspended = row.HasOptedOutOfEmail = 'True',
  p.emailInvalid = row.IsEmailBounced = 'True', p.updatedAt = datetime(), p.updatedBy = $by
WITH row, p
MATCH (a:Account {externalId: row.AccountId})
MERGE (p)-[w:WORKS_FOR]->(a)
SET w.relationship = 'EMPLOYEE'
