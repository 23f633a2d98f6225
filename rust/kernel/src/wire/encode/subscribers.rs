//! The document of subscribers: `{"status":"SUCCESS","data":{"count":2,"subscribers":[{"email":…},…]}}`.
//!
//! Each subscriber is the profile's first e-mail address, or null, and the members of its object in NDJSON. The address is written whatever
//! columns were chosen: it is what subscribers are listed by. Removals have none.

use super::cells::CellSource;
use super::form::Form;
use super::json::Json;
use super::json_text::push_string;
use super::records::{Opened, Records};
use crate::schema::builtin;

/// Writes the document.
pub(super) struct Subscribers {
    form: Form<Json>,
    /// Cell of the first address.
    email: usize,
    row_count: u64,
}

impl Subscribers {
    /// Wraps the records of NDJSON.
    pub(super) fn new(mut form: Form<Json>, row_count: u64) -> Self {
        let email = form.sources.len();
        form.sources.push(CellSource::Column(builtin::EMAIL));
        Self {
            form,
            email,
            row_count,
        }
    }
}

impl Records for Subscribers {
    fn sources(&self) -> &[CellSource] {
        &self.form.sources
    }

    fn begin(&self, is_first_block: bool, out: &mut Vec<u8>) {
        if is_first_block {
            out.extend_from_slice(b"{\"status\":\"SUCCESS\",\"data\":{\"count\":");
            out.extend_from_slice(itoa::Buffer::new().format(self.row_count).as_bytes());
            out.extend_from_slice(b",\"subscribers\":[");
        }
    }

    fn separate(&self, out: &mut Vec<u8>) {
        out.push(b',');
    }

    fn record(&self, opened: &mut Opened<'_>, row: u16, out: &mut Vec<u8>) {
        push_email(opened.cells[self.email].text(row), out);
        continued(out, |out| self.form.record(opened, row, out));
    }

    fn removed(&self, profile_id: &[u8], out: &mut Vec<u8>) {
        push_email(None, out);
        continued(out, |out| self.form.removed(profile_id, out));
    }

    fn end(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"]}}");
    }
}

fn push_email(email: Option<&[u8]>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"email\":");
    match email {
        Some(email) => push_string(email, out),
        None => out.extend_from_slice(b"null"),
    }
}

/// Writes the members of a line as further members of an object: with a comma where it begins, without the end of the line.
fn continued(out: &mut Vec<u8>, line: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    line(out);
    out[start] = b',';
    out.pop();
}
