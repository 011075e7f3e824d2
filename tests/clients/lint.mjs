// Lints the SDL given with @graphql-eslint, and prints each finding as JSON: the rule, and the line it is on.
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import graphql from "@graphql-eslint/eslint-plugin";
import { ESLint } from "eslint";

const file = process.argv[2];
const rules = {
  ...graphql.configs["flat/schema-recommended"].rules,
  ...graphql.configs["flat/schema-relay"].rules,
  "@graphql-eslint/require-description": [
    "error",
    { types: true, DirectiveDefinition: true, FieldDefinition: true, InputValueDefinition: true, EnumValueDefinition: true },
  ],
  "@graphql-eslint/no-scalar-result-type-on-mutation": "error",
  // Ids are for nodes. Edges, payloads and values, such as a trace or a month of a chart, have none.
  "@graphql-eslint/strict-id-in-types": "off",
  // Short lists (a template's cards) are lists; what grows with the market is a connection.
  "@graphql-eslint/relay-edge-types": ["error", { listTypeCanWrapOnlyEdgeType: false }],
};
const linter = new ESLint({
  cwd: dirname(file),
  overrideConfigFile: true,
  overrideConfig: {
    files: ["**/*.graphql"],
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema: file } } },
    plugins: { "@graphql-eslint": graphql },
    rules,
  },
});
const lines = readFileSync(file, "utf-8").split("\n");
const [result] = await linter.lintFiles([file]);
console.log(
  JSON.stringify(
    result.messages.map(({ ruleId, line, message }) => ({
      rule: ruleId?.replace("@graphql-eslint/", "") ?? null,
      line: lines[line - 1].trim(),
      message: message.split("\n")[0],
    })),
  ),
);
