// Takes people out of groups again, each [group, person], whoever made them members. No decision, no event.
// mode: write
// params: pairs
UNWIND $pairs AS pair
MATCH (:Person {id: pair[1]})-[m:MEMBER_OF]->(:BuyingGroup {id: pair[0]})
DELETE m
