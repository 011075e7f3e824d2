// The six roles that every market starts with. They can't be changed or deleted.
// mode: write
UNWIND [
  ['Decision Maker', 'Has the final say on the purchase.'],
  ['Influencer', 'Shapes the decision by advice or authority.'],
  ['Practitioner', 'Will work with the product.'],
  ['Executive Steering Committee', 'Oversees and approves at executive level.'],
  ['Champion', 'Argues for the product inside the account.'],
  ['Other', 'Takes part in another way.']
] AS row
MERGE (r:Role {nameKey: toLower(row[0])})
ON CREATE SET r.id = randomUUID(), r.name = row[0], r.description = row[1], r.isDefault = true,
  r.createdAt = datetime(), r.createdBy = 'system', r.updatedAt = datetime(), r.updatedBy = 'system';
