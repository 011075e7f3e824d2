// Prints, as JSON, each change from one SDL to another that breaks clients and was not deprecated first.
import { readFileSync } from "node:fs";
import { ChangeType, CriticalityLevel, DiffRule, diff } from "@graphql-inspector/core";
import { buildSchema, isAbstractType, isObjectType } from "graphql";

const [before, after] = process.argv.slice(2).map((file) => buildSchema(readFileSync(file, "utf-8")));

// The rule of the inspector forgives the removal of any type. One that clients could select by its name (`... on Person`) must
// have had all its fields deprecated; that of others shows in the fields and arguments that had it.
function selectable(name) {
  const type = before.getType(name);
  if (isObjectType(type) && type.getInterfaces().length === 0 && !inUnion(type)) return false;
  if (!isObjectType(type) && !isAbstractType(type)) return false;
  return !("getFields" in type) || Object.values(type.getFields()).some((field) => field.deprecationReason == null);
}

function inUnion(type) {
  return Object.values(before.getTypeMap()).some((one) => isAbstractType(one) && before.isSubType(one, type));
}

function argumentDeprecated({ path }) {
  const [type, field, argument] = path.split(".");
  return before.getType(type).getFields()[field].args.find((one) => one.name === argument)?.deprecationReason != null;
}

function breaks(change) {
  if (change.type === ChangeType.TypeRemoved) return selectable(change.path);
  if (change.type === ChangeType.FieldArgumentRemoved) return !argumentDeprecated(change);
  return change.criticality.level === CriticalityLevel.Breaking;
}

const changes = await diff(before, after, [DiffRule.suppressRemovalOfDeprecatedField]);
console.log(JSON.stringify(changes.filter(breaks).map(({ path, message }) => ({ path, message }))));
