//! The shape of what people write, as a JSON Schema (draft 2020-12), so that editors complete and check TOML.
//!
//! It is printed from the same table that the reader asks. What a schema can't say (that a name is declared, that
//! shares add up) is left to `check`.

use std::collections::BTreeMap;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::model::Field;
use crate::model::Kind;
use crate::model::Table;

/// A schema of one kind of file.
#[must_use]
pub fn schema(files: &str, table: &'static Table) -> Value {
    let mut definitions = BTreeMap::new();
    let mut schema = object(table, &mut definitions);
    if let Value::Object(members) = &mut schema {
        members.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        members.insert("title".to_owned(), json!(format!("Bonghwa: {files}")));
        members.insert("$defs".to_owned(), Value::Object(definitions.into_iter().collect::<Map<_, _>>()));
    }
    schema
}

/// Definitions by name; each table is written once, however often it is used.
type Definitions = BTreeMap<String, Value>;

fn object(table: &'static Table, definitions: &mut Definitions) -> Value {
    let mut properties = Map::new();
    for field in table.fields {
        properties.insert(field.key.to_owned(), property(field, definitions));
    }
    let required: Vec<&str> = table.fields.iter().filter(|field| field.required).map(|field| field.key).collect();
    let rest = match &table.rest {
        Some(kind) => of(kind, definitions),
        None => Value::Bool(false),
    };
    let mut object = json!({
        "description": table.doc,
        "type": "object",
        "properties": properties,
        "additionalProperties": rest,
    });
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    object
}

fn property(field: &'static Field, definitions: &mut Definitions) -> Value {
    let mut value = of(&field.kind, definitions);
    if let Value::Object(members) = &mut value {
        // Beside a reference a description is allowed since draft 2019-09.
        members.insert("description".to_owned(), json!(field.doc));
    }
    value
}

fn of(kind: &'static Kind, definitions: &mut Definitions) -> Value {
    match kind {
        Kind::Text | Kind::Template => json!({ "type": "string" }),
        Kind::Form(form) => json!({ "type": "string", "$comment": form }),
        Kind::Name => json!({ "type": "string", "pattern": "^[a-z0-9][a-z0-9:._-]*$", "maxLength": 63 }),
        Kind::Ref(what) => json!({ "type": "string", "$comment": format!("the name of a {}", what.word()) }),
        Kind::Word(words) => json!({ "enum": words }),
        Kind::Span => json!({ "type": "string", "pattern": "^\\s*([0-9]+(ms|s|m|h|d)\\s*)+$", "examples": ["1m30s"] }),
        Kind::Share => json!({ "anyOf": [
            { "type": "number", "minimum": 0, "maximum": 1 },
            { "type": "string", "pattern": "^\\s*[0-9.]+\\s*%\\s*$" },
        ] }),
        Kind::Factor => json!({ "type": "number", "exclusiveMinimum": 0, "maximum": 1000 }),
        Kind::Amount => json!({ "type": "number", "minimum": 0, "maximum": 1_000_000_000 }),
        Kind::Count { low, high } => json!({ "type": "integer", "minimum": low, "maximum": high }),
        Kind::Flag => json!({ "type": "boolean" }),
        // Tools that turn TOML into JSON write a date as a text.
        Kind::Date => json!({ "type": "string", "format": "date" }),
        Kind::Hosts => json!({ "type": "string", "minLength": 1, "examples": ["web-[01-20]"] }),
        Kind::Secret => json!({ "type": "string", "pattern": "^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$" }),
        Kind::List(member) => json!({ "type": "array", "items": of(member, definitions) }),
        Kind::Map(member) => json!({ "type": "object", "additionalProperties": of(member, definitions) }),
        Kind::Table(table) => reference(table, definitions),
        Kind::Either(kinds) => {
            let kinds: Vec<Value> = kinds.iter().map(|kind| of(kind, definitions)).collect();
            json!({ "anyOf": kinds })
        }
    }
}

fn reference(table: &'static Table, definitions: &mut Definitions) -> Value {
    let name: String = table.title.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.')).collect();
    if !definitions.contains_key(&name) {
        // The name is taken before the table is read, so that a table which holds itself would end too.
        definitions.insert(name.clone(), Value::Null);
        let object = object(table, definitions);
        definitions.insert(name.clone(), object);
    }
    json!({ "$ref": format!("#/$defs/{name}") })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::schema;
    use crate::load::fields;
    use crate::model::Kind;
    use crate::model::Table;

    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(to)) = members.get("$ref") {
                    found.push(to.clone());
                }
                members.values().for_each(|value| references(value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        for shape in fields() {
            let schema = schema(shape.files, shape.table);
            let mut found = Vec::new();
            references(&schema, &mut found);
            assert!(!found.is_empty());
            for to in found {
                assert!(schema.pointer(&to[1..]).is_some_and(Value::is_object), "{to}");
            }
        }
    }

    /// Two tables of one name would take each other's place in the schema.
    #[test]
    fn every_table_has_a_name_of_its_own() {
        fn walk(kind: &'static Kind, seen: &mut BTreeMap<&'static str, *const Table>) {
            match kind {
                Kind::List(kind) | Kind::Map(kind) => walk(kind, seen),
                Kind::Either(kinds) => kinds.iter().for_each(|kind| walk(kind, seen)),
                Kind::Table(table) => tables(table, seen),
                Kind::Text
                | Kind::Template
                | Kind::Name
                | Kind::Ref(_)
                | Kind::Form(_)
                | Kind::Word(_)
                | Kind::Span
                | Kind::Share
                | Kind::Factor
                | Kind::Amount
                | Kind::Count { .. }
                | Kind::Flag
                | Kind::Date
                | Kind::Hosts
                | Kind::Secret => {}
            }
        }
        fn tables(table: &'static Table, seen: &mut BTreeMap<&'static str, *const Table>) {
            let known = *seen.entry(table.title).or_insert(table);
            assert!(std::ptr::eq(known, table), "{}", table.title);
            table.fields.iter().for_each(|field| walk(&field.kind, seen));
        }
        let mut seen = BTreeMap::new();
        fields().iter().for_each(|shape| tables(shape.table, &mut seen));
        assert!(seen.len() > 25);
    }

    #[test]
    fn a_span_and_a_required_key_are_described() {
        let topology = schema(fields()[1].files, fields()[1].table);
        let tier = topology.pointer("/$defs/tier").unwrap();
        assert_eq!(tier["required"], serde_json::json!(["id"]));
        assert_eq!(tier["properties"]["rto"]["description"], "Promised limit on downtime.");
        assert_eq!(tier["additionalProperties"], false);
    }
}
