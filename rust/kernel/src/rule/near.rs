//! Places in a circle on the Earth.

use std::f64::consts::PI;

use serde_json::Value;

use crate::bitmap::Words;
use crate::column::{Column, PlainBlock, get};
use crate::error::Result;
use crate::schema::{ColumnId, builtin};

use super::condition::{Near, invalid};
use super::context::Context;
use super::leaf::Leaf;
use super::range::{Bounds, Ranged};
use super::selection::retain_by_row;

/// Mean radius of the Earth (IUGG), metres; places lie on a sphere of it.
const EARTH_METRES: f64 = 6_371_008.8;

/// Degrees by which the box around a circle is made larger, about a metre: above all that rounding can do.
const MARGIN_DEGREES: f64 = 1e-5;

/// All places at most so far from a point.
#[derive(Debug)]
pub(super) struct Circle {
    /// Degrees north.
    latitude: f64,
    /// Degrees east.
    longitude: f64,
    /// Cosine of the latitude.
    cosine: f64,
    /// Haversine of the radius as an angle; infinite when every place lies inside.
    haversine_max: f64,
    /// Degrees one may go along a meridian and a parallel, together, without leaving it.
    inner_degrees: f64,
    /// Latitudes and longitudes outside of which no place lies inside.
    latitudes: Bounds<f64>,
    longitudes: Bounds<f64>,
}

impl Circle {
    /// Prepares a circle.
    pub(super) fn new(near: &Near) -> Result<Self> {
        let &Near {
            latitude,
            longitude,
            radius_metres,
        } = near;
        if latitude.abs() > 90.0 || longitude.abs() > 180.0 || radius_metres < 0.0 {
            return Err(invalid(
                "near needs a latitude within 90 degrees, a longitude within 180 and a radius from 0 on".to_owned(),
            ));
        }
        let angle = radius_metres / EARTH_METRES;
        let haversine_max = if angle < PI {
            (angle / 2.0).sin().powi(2)
        } else {
            f64::INFINITY
        };
        let (latitudes, longitudes) = surrounding_box(latitude, longitude, angle);
        Ok(Self {
            latitude,
            longitude,
            cosine: latitude.to_radians().cos(),
            haversine_max,
            inner_degrees: angle.min(PI).to_degrees() - MARGIN_DEGREES,
            latitudes,
            longitudes,
        })
    }

    /// Haversine of the angle between a place and the middle.
    #[inline]
    fn haversine(&self, latitude: f64, longitude: f64) -> f64 {
        let (north, own) = (latitude.to_radians(), self.latitude.to_radians());
        let north_half = ((north - own) / 2.0).sin();
        let east_half = ((longitude - self.longitude).to_radians() / 2.0).sin();
        north_half * north_half + self.cosine * north.cos() * east_half * east_half
    }

    /// Most places far inside are told by the way along the middle's parallel and then along a meridian, which is no shorter than the
    /// straight one.
    #[inline]
    fn contains(&self, latitude: f64, longitude: f64) -> bool {
        let detour_degrees =
            (latitude - self.latitude).abs() + (longitude - self.longitude).abs() * self.cosine;
        detour_degrees <= self.inner_degrees
            || self.haversine(latitude, longitude) <= self.haversine_max
    }

    fn place(context: &Context<'_>, block: usize, row: u16) -> Option<(f64, f64)> {
        let (latitudes, longitudes) = places(context, block)?;
        Some((latitudes.get(row)?, longitudes.get(row)?))
    }
}

/// Latitudes and longitudes of a block.
fn places<'a>(
    context: &Context<'a>,
    block: usize,
) -> Option<(&'a PlainBlock<f64>, &'a PlainBlock<f64>)> {
    let coordinate = |column| match context.version.column(column)? {
        Column::Number(blocks) => get(blocks, block),
        _ => None,
    };
    Some((
        coordinate(builtin::LATITUDE)?,
        coordinate(builtin::LONGITUDE)?,
    ))
}

/// Latitudes and longitudes between which a circle lies. A circle around a pole, or across the 180th meridian, has every longitude.
fn surrounding_box(latitude: f64, longitude: f64, angle: f64) -> (Bounds<f64>, Bounds<f64>) {
    let around = |middle: f64, degrees: f64| Bounds {
        low: middle - degrees,
        high: middle + degrees,
    };
    let north_degrees = angle.to_degrees() + MARGIN_DEGREES;
    let latitudes = around(latitude, north_degrees);
    let everywhere = around(0.0, f64::INFINITY);
    if latitude.abs() + north_degrees >= 90.0 {
        return (latitudes, everywhere);
    }
    // Where the meridian touches the circle: the spherical triangle of pole, middle and that place is right-angled.
    let sine = north_degrees.to_radians().sin() / latitude.to_radians().cos();
    let longitudes = around(
        longitude,
        sine.min(1.0).asin().to_degrees() + MARGIN_DEGREES,
    );
    let crosses = longitudes.low < -180.0 || longitudes.high > 180.0;
    (latitudes, if crosses { everywhere } else { longitudes })
}

impl Leaf for Circle {
    fn retain(&self, context: &Context<'_>, block: usize, words: &mut Words) {
        let Some((latitudes, longitudes)) = places(context, block) else {
            return words.fill(0);
        };
        latitudes.presence().and_into(words);
        longitudes.presence().and_into(words);
        let (north, east) = (latitudes.values(), longitudes.values());
        f64::retain_in_range(north, self.latitudes.low, self.latitudes.high, words);
        f64::retain_in_range(east, self.longitudes.low, self.longitudes.high, words);
        retain_by_row(words, |row| self.contains(north[row], east[row]));
    }

    fn cost(&self, context: &Context<'_>, block: usize) -> usize {
        places(context, block).map_or(0, |(latitudes, longitudes)| {
            size_of_val(latitudes.values()) + size_of_val(longitudes.values())
        })
    }

    fn matches(&self, context: &Context<'_>, block: usize, row: u16) -> bool {
        Self::place(context, block, row)
            .is_some_and(|(latitude, longitude)| self.contains(latitude, longitude))
    }

    /// Metres from the middle.
    fn seen(&self, context: &Context<'_>, block: usize, row: u16) -> Value {
        let metres = |(latitude, longitude)| {
            let haversine = self.haversine(latitude, longitude);
            2.0 * EARTH_METRES * haversine.sqrt().min(1.0).asin()
        };
        Self::place(context, block, row).map_or(Value::Null, |place| metres(place).into())
    }

    fn columns(&self) -> Vec<ColumnId> {
        vec![builtin::LATITUDE, builtin::LONGITUDE]
    }
}
