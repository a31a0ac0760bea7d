//! A path in JSON, as in every JSON of mldu: text, and the bytes beside it where they are none.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::text;

/// A path as text. What is not UTF-8 in it is replaced; then the bytes are there too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Fields", into = "Fields")]
pub struct PathField(PathBuf);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Fields {
    path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path_b64: Option<String>,
}

impl PathField {
    /// A path.
    pub fn new(path: &Path) -> Self {
        Self(path.to_path_buf())
    }

    /// It.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Whether it is the same byte for byte: `/a/./b` is not `/a/b`.
    pub fn is(&self, path: &Path) -> bool {
        self.0.as_os_str() == path.as_os_str()
    }
}

impl From<PathField> for Fields {
    fn from(field: PathField) -> Self {
        let exact = field.0.to_str();
        let bytes = exact.is_none().then(|| STANDARD.encode(field.0.as_os_str().as_encoded_bytes()));
        Self { path: field.0.to_string_lossy().into_owned(), path_b64: bytes }
    }
}

impl TryFrom<Fields> for PathField {
    type Error = String;

    /// The bytes decide, so what a person reads beside them must be the same.
    fn try_from(fields: Fields) -> Result<Self, String> {
        let Some(bytes) = fields.path_b64 else { return Ok(Self(fields.path.into())) };
        let bytes = STANDARD.decode(bytes).map_err(|e| format!("path_b64: {e}"))?;
        if String::from_utf8_lossy(&bytes) == fields.path {
            Ok(Self(PathBuf::from(text::os_str(&bytes))))
        } else {
            Err(format!("path and path_b64 are not the same: {}", text::plain(&fields.path)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_as_they_were_and_text_beside_them_must_agree() {
        for path in [&b"/a/b"[..], b"/a/\xff\xfe.bin", b"/a/\x1b[2J\n", "/ä/€".as_bytes(), b""] {
            let field = PathField::new(Path::new(text::os_str(path)));
            let json = serde_json::to_string(&field).expect("JSON");
            assert_eq!(json.contains("path_b64"), path.contains(&0xff), "{json}");
            assert_eq!(serde_json::from_str::<PathField>(&json).expect("read"), field);
        }
        let odd = r#"{"path": "/a/x", "path_b64": "L2Ev//4="}"#;
        let why = serde_json::from_str::<PathField>(odd).expect_err("two paths").to_string();
        assert!(why.contains("are not the same"), "{why}");
        assert!(serde_json::from_str::<PathField>(r#"{"path": "x", "path_b64": "%"}"#).is_err());
        assert!(serde_json::from_str::<PathField>("{}").is_err());
    }

    #[test]
    fn another_spelling_is_another_path() {
        let field = PathField::new(Path::new("/a/b"));
        assert!(field.is(Path::new("/a/b")));
        assert!(
            !field.is(Path::new("/a/./b")) && !field.is(Path::new("/a//b")) && !field.is(Path::new("/a/b/"))
        );
    }
}
