//! What the numbers of a picture mean as light, and the filters that make every clip mean the same: BT.709 of limited range, as browsers show it.
//!
//! Names are ffmpeg's, of the code points of ITU-T H.273.

use crate::server::media::report::Stream;

/// What everything is made.
const DELIVERY: &str = "bt709";

/// Transfers that players show alike: the curve of BT.709, and those so near that nobody converts between them.
const NEAR_DELIVERY: [&str; 7] = ["bt709", "smpte170m", "bt470bg", "gamma22", "iec61966-2-1", "bt2020-10", "bt2020-12"];

/// The light that a picture's white stands for where it is made SDR, in candela a square metre (ITU-R BT.2408: HDR reference white).
const REFERENCE_WHITE: u32 = 203;

/// What a clip says of its colours. What is absent was not told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Colour {
    transfer: Option<String>,
    primaries: Option<String>,
    matrix: Option<String>,
    /// Its numbers run from 0 to 255, not from 16 to 235.
    is_full: bool,
    /// It is coded as red, green and blue.
    is_rgb: bool,
}

impl Colour {
    pub(super) fn of(stream: &Stream) -> Self {
        let told = |name: &Option<String>| name.clone().filter(|name| !matches!(name.as_str(), "unknown" | "reserved" | "unspecified"));
        let format = stream.pix_fmt.as_deref().unwrap_or_default();
        let matrix = told(&stream.color_space).filter(|matrix| matrix != "gbr");
        Self {
            transfer: told(&stream.color_transfer),
            primaries: told(&stream.color_primaries),
            matrix,
            is_full: stream.color_range.as_deref() == Some("pc") || format.starts_with("yuvj"),
            is_rgb: ["rgb", "bgr", "gbr", "argb", "abgr", "rgba", "bgra", "pal8"].iter().any(|start| format.starts_with(start)),
        }
    }

    /// Whether it says anything of its colours.
    pub(super) fn is_told(&self) -> bool {
        self.transfer.is_some() || self.primaries.is_some() || self.matrix.is_some()
    }

    /// The name of its high dynamic range, if it has one.
    pub(super) fn hdr(&self) -> Option<&'static str> {
        match self.transfer.as_deref()? {
            "arib-std-b67" => Some("HLG"),
            "smpte2084" => Some("PQ"),
            _ => None,
        }
    }

    /// What has to be done to it, in words for the user.
    pub(super) fn change(&self) -> Option<String> {
        if let Some(hdr) = self.hdr() {
            return Some(format!("HDR ({hdr}) made SDR (BT.709)"));
        }
        match (self.needs_light() || self.needs_matrix(), self.is_full) {
            (true, _) => Some(format!("colours converted from {} to BT.709", self.name())),
            (false, true) if !self.is_rgb => Some("full range made limited".into()),
            _ => None,
        }
    }

    /// Whether its conversion goes by the light itself, which not every build of ffmpeg can.
    pub(super) fn needs_light(&self) -> bool {
        self.transfer.as_deref().is_some_and(|transfer| !NEAR_DELIVERY.contains(&transfer))
    }

    fn needs_matrix(&self) -> bool {
        [&self.primaries, &self.matrix].into_iter().flatten().any(|name| name != DELIVERY)
    }

    fn name(&self) -> &str {
        let odd = [&self.transfer, &self.primaries, &self.matrix].into_iter().flatten().find(|name| *name != DELIVERY);
        match odd.map_or(DELIVERY, String::as_str) {
            "smpte170m" | "bt470bg" | "bt470m" | "fcc" => "BT.601",
            "smpte432" | "smpte431" => "P3",
            "bt2020" | "bt2020nc" | "bt2020c" | "bt2020-10" | "bt2020-12" => "BT.2020",
            "bt709" => "BT.709",
            other => other,
        }
    }

    /// The filters that convert it, with a comma behind each; what they give is in limited range.
    pub(super) fn filters(&self) -> String {
        let range = if self.is_full { "pc" } else { "tv" };
        if self.needs_light() {
            let (transfer, primaries, matrix) = (self.transfer.as_deref().unwrap_or(DELIVERY), self.primaries(), self.matrix());
            let toned = if self.hdr().is_some() { "tonemap=tonemap=hable:desat=0," } else { "" };
            let into = if self.is_rgb { "format=gbrp16le," } else { "" };
            let matrix = if self.is_rgb { "gbr" } else { matrix };
            return format!(
                "{into}zscale=tin={transfer}:pin={primaries}:min={matrix}:rin={range}:t=linear:npl={REFERENCE_WHITE},format=gbrpf32le,\
                 zscale=p={DELIVERY},{toned}zscale=t={DELIVERY}:m={DELIVERY}:r=tv,"
            );
        }
        if self.is_rgb {
            return format!("scale=out_color_matrix={DELIVERY}:out_range=tv,");
        }
        if self.needs_matrix() {
            let (primaries, matrix) = (self.primaries(), self.matrix().replace("bt2020nc", "bt2020ncl"));
            return format!(
                "format=yuv420p|yuv422p|yuv444p|yuv420p10|yuv422p10|yuv444p10,colorspace=all={DELIVERY}:ispace={matrix}:iprimaries={primaries}:\
                 itrc={DELIVERY}:irange={range}:range=tv:format=yuv420p,"
            );
        }
        String::new()
    }

    /// Its primaries, those that go with its matrix where they are not told.
    fn primaries(&self) -> &str {
        match (self.primaries.as_deref(), self.matrix.as_deref()) {
            (Some(primaries), _) => primaries,
            (None, Some("bt2020nc" | "bt2020c")) => "bt2020",
            (None, Some(matrix @ ("smpte170m" | "bt470bg" | "smpte240m"))) => matrix,
            _ if self.hdr().is_some() => "bt2020",
            _ => DELIVERY,
        }
    }

    /// Its matrix, the one that goes with its primaries where it is not told.
    fn matrix(&self) -> &str {
        match (self.matrix.as_deref(), self.primaries.as_deref()) {
            (Some("bt2020c"), _) => "bt2020nc",
            (Some(matrix), _) => matrix,
            (None, Some("bt2020")) => "bt2020nc",
            (None, Some(primaries @ ("smpte170m" | "bt470bg" | "smpte240m"))) => primaries,
            _ if self.hdr().is_some() => "bt2020nc",
            _ => DELIVERY,
        }
    }
}

/// The label of the result: what every clip was made.
pub(super) const LABEL: &str = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv,";

#[cfg(test)]
mod tests {
    use super::*;

    fn colour(transfer: &str, primaries: &str, matrix: &str) -> Colour {
        let name = |name: &str| Some(name.to_owned());
        let stream =
            Stream { color_transfer: name(transfer), color_primaries: name(primaries), color_space: name(matrix), ..Stream::default() };
        Colour::of(&stream)
    }

    #[test]
    fn what_players_show_alike_is_left_alone() {
        for (transfer, primaries, matrix) in [
            ("bt709", "bt709", "bt709"),
            ("unknown", "unknown", "unknown"),
            ("iec61966-2-1", "bt709", "bt709"),
            ("bt709", "unknown", "gbr"),
        ] {
            let colour = colour(transfer, primaries, matrix);
            assert_eq!((colour.change(), colour.filters()), (None, String::new()), "{transfer}");
        }
    }

    #[test]
    fn what_is_other_light_is_named_and_converted() {
        for ((transfer, primaries, matrix), words) in [
            (("arib-std-b67", "bt2020", "bt2020nc"), "HDR (HLG) made SDR (BT.709)"),
            (("smpte2084", "unknown", "unknown"), "HDR (PQ) made SDR (BT.709)"),
            (("bt709", "smpte432", "bt709"), "colours converted from P3 to BT.709"),
            (("smpte170m", "smpte170m", "smpte170m"), "colours converted from BT.601 to BT.709"),
            (("bt2020-10", "bt2020", "bt2020nc"), "colours converted from BT.2020 to BT.709"),
            (("linear", "bt709", "bt709"), "colours converted from linear to BT.709"),
        ] {
            let colour = colour(transfer, primaries, matrix);
            assert_eq!(colour.change().as_deref(), Some(words));
            assert!(!colour.filters().is_empty());
        }
        assert!(colour("smpte2084", "unknown", "unknown").filters().contains("pin=bt2020:min=bt2020nc"));
    }
}
