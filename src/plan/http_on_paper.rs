//! One HTTP request on paper: what is sent, and which answer means success.

use serde::Deserialize;
use serde::Serialize;

/// One HTTP request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct HttpOnPaper {
    /// In capitals.
    pub method: String,
    /// The whole address.
    pub url: String,
    /// In order; secrets by reference.
    pub headers: Vec<(String, String)>,
    /// What is sent.
    pub body: Option<String>,
    /// What is sent instead, by reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_from: Option<String>,
    /// Each status that means success; any 2xx where none is given. On paper nothing, one number, or a list.
    #[serde(with = "statuses")]
    pub expect_status: Vec<u16>,
    /// The answer must contain this.
    pub expect_body: Option<String>,
    /// How many redirects are followed.
    #[serde(default, skip_serializing_if = "is_none")]
    pub redirects: u32,
    /// The certificates of the authorities that are trusted, by reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
}

impl HttpOnPaper {
    /// Every secret that it names, by reference.
    pub(in crate::plan) fn references(&self) -> Vec<&str> {
        let headers = self.headers.iter().map(|(_, value)| value.as_str());
        let headers = headers.filter(|value| value.starts_with("env:") || value.starts_with("file:"));
        headers.chain(self.body_from.as_deref()).collect()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
const fn is_none(count: &u32) -> bool {
    *count == 0
}

/// Nothing, one number, or a list, so that plans that name one status stay as they were.
mod statuses {
    use serde::Deserialize;
    use serde::Deserializer;
    use serde::Serialize;
    use serde::Serializer;

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        One(u16),
        Many(Vec<u16>),
    }

    pub(super) fn serialize<S: Serializer>(all: &[u16], out: S) -> Result<S::Ok, S::Error> {
        match all {
            [] => out.serialize_none(),
            [one] => one.serialize(out),
            _ => all.serialize(out),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u16>, D::Error> {
        Ok(match Option::<Written>::deserialize(from)? {
            None => Vec::new(),
            Some(Written::One(one)) => vec![one],
            Some(Written::Many(all)) => all,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::HttpOnPaper;

    #[test]
    fn plans_that_name_one_status_stay_as_they_were() {
        for status in ["null", "204", "[200,202]"] {
            let text = format!(
                r#"{{"method":"GET","url":"http://a/","headers":[],"body":null,"expect-status":{status},"expect-body":null}}"#
            );
            let http: HttpOnPaper = serde_json::from_str(&text).unwrap();
            assert_eq!(serde_json::to_string(&http).unwrap(), text);
        }
    }
}
