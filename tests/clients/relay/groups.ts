// What an application with Relay asks for: relay-compiler must accept it all.
import { graphql } from "relay-runtime";

export const page = graphql`
  query groupsPageQuery($count: Int!, $cursor: String, $search: String) {
    ...groups_list @arguments(count: $count, cursor: $cursor, search: $search)
  }
`;

export const list = graphql`
  fragment groups_list on Query
  @argumentDefinitions(count: { type: "Int!" }, cursor: { type: "String" }, search: { type: "String" })
  @refetchable(queryName: "groupsListPaginationQuery") {
    buyingGroups(first: $count, after: $cursor, filter: { search: $search }) @connection(key: "groups_buyingGroups") {
      totalCount
      edges {
        node {
          id
          ...groups_group
        }
      }
    }
  }
`;

// Refetched by its id through `node`, in both directions.
export const group = graphql`
  fragment groups_group on BuyingGroup
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 10 }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
  )
  @refetchable(queryName: "groupsMembersPaginationQuery") {
    name
    completeness
    members(first: $first, after: $after, last: $last, before: $before) @connection(key: "groups_members") {
      edges {
        role { name }
        node { ...groups_person }
      }
    }
  }
`;

export const person = graphql`
  fragment groups_person on Person {
    name
    email
  }
`;

export const one = graphql`
  query groupsOneQuery($id: ID!) {
    node(id: $id) {
      __typename
      ...groups_group @alias(as: "group")
      ... on Account { name }
    }
  }
`;

export const assign = graphql`
  mutation groupsAssignMutation($input: AssignMembersInput!, $key: String) {
    assignMembers(input: $input, idempotencyKey: $key) {
      buyingGroup { ...groups_group }
      results { outcome person { ...groups_person } }
      userErrors { field code message }
    }
  }
`;

export const happened = graphql`
  subscription groupsHappenedSubscription {
    buyingGroupEvents { type at buyingGroup { ...groups_group } }
  }
`;
