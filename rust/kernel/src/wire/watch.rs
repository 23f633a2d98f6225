//! Who entered and left a segment, as watchers are told.

use super::fields::{membership_change, watch_segment_response};
use super::protobuf::{put_bytes, put_int64, put_uint};
use crate::member::Change;
use crate::table::RowId;

/// Encodes changes, in their order, as a serialized `segue.v1.WatchSegmentResponse` without a position.
pub(crate) fn encode_changes<'a>(
    changes: &[Change],
    profile_id: impl Fn(RowId) -> &'a [u8],
) -> Vec<u8> {
    let (mut change, mut out) = (Vec::new(), Vec::new());
    for one in changes {
        change.clear();
        put_bytes(
            &mut change,
            membership_change::PROFILE_ID,
            profile_id(one.row),
        );
        if one.entered {
            put_uint(&mut change, membership_change::ENTERED, 1);
        }
        put_int64(
            &mut change,
            membership_change::REVISION,
            one.position.revision,
        );
        put_int64(
            &mut change,
            membership_change::AT_MILLIS,
            one.position.millis,
        );
        put_bytes(&mut out, watch_segment_response::CHANGES, &change);
    }
    out
}
