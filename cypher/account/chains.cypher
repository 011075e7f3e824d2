// Which of the accounts and products are known, and every parent on the way up from those accounts.
// mode: read
// params: external_ids, product_external_ids
// returns: known, products, parents
RETURN COLLECT { MATCH (a:Account) WHERE a.externalId IN $external_ids RETURN a.externalId } AS known,
  COLLECT { MATCH (p:Product) WHERE p.externalId IN $product_external_ids RETURN p.externalId } AS products,
  COLLECT {
    MATCH (a:Account)-[:CHILD_OF]->*(child:Account)-[:CHILD_OF]->(parent:Account) WHERE a.externalId IN $external_ids
    RETURN DISTINCT [child.externalId, parent.externalId]
  } AS parents
