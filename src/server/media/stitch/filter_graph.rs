//! The one filter graph that makes mixed clips alike and joins them.

use std::fmt::Write;

use super::{
    colour::LABEL,
    conform::{ClipPlan, Field, SAMPLE_RATE, StitchPlan},
};

/// How long the last frame may stand to fill a clip up to its length, in seconds. A clip that decodes to less than that is
/// damaged, and must show as frames missing from the result, not as a still picture.
const FILL: f64 = 0.25;

/// The graph's text; its outputs are `[v]` and, with sound, `[a]`.
pub(super) fn filter_graph(plan: &StitchPlan, transition: &str) -> String {
    let mut graph = String::new();
    for (index, clip) in plan.clips.iter().enumerate() {
        graph.push_str(&picture(plan, index, clip));
        if plan.sound {
            graph.push_str(&sound(plan, index, clip));
        }
    }
    if plan.transition_frames == 0 {
        concatenate(plan, &mut graph)
    } else {
        cross(plan, transition, &mut graph)
    }
    graph
}

/// One clip's picture: at the rate, fitted into the frame with its shape kept, in the colours of the result, of exactly its number of frames. It
/// begins at 0 by `fps`; since ffmpeg 7 `setpts` takes a stream's rate and its frames' lengths away, without which `xfade` refuses it.
fn picture(plan: &StitchPlan, index: usize, clip: &ClipPlan) -> String {
    let StitchPlan { width, height, rate, .. } = plan;
    let (across, down) = fit((clip.width, clip.height), (*width, *height));
    let (left, above) = ((width - across) / 4 * 2, (height - down) / 4 * 2);
    let fields = match clip.fields {
        Some(Field::Top) => "bwdif=mode=send_frame:parity=tff,",
        Some(Field::Bottom) => "bwdif=mode=send_frame:parity=bff,",
        None => "",
    };
    // What shows through is black.
    let alpha = if clip.has_alpha { "format=yuva444p,premultiply=inplace=1," } else { "" };
    let label = if plan.labelled { LABEL } else { "" };
    format!(
        "[{index}:{stream}]{fields}fps=fps={}/{}:start_time=0,{alpha}scale={across}:{down}:flags=bicubic:out_range=tv,{colours}setsar=1,\
         pad={width}:{height}:{left}:{above},format=yuv420p,{label}tpad=stop_mode=clone:stop_duration={fill:.6},trim=end_frame={frames}[v{index}];",
        rate.frames,
        rate.seconds,
        stream = clip.video_stream,
        colours = clip.colour_filters,
        fill = FILL + clip.held,
        frames = clip.frames,
    )
}

/// One clip's sound, or silence: exactly as long as its picture.
fn sound(plan: &StitchPlan, index: usize, clip: &ClipPlan) -> String {
    let samples = plan.rate.samples_of(clip.frames);
    let source = match clip.audio_stream {
        Some(stream) => format!("[{index}:{stream}]aresample={SAMPLE_RATE}:async=1:first_pts=0"),
        None => format!("anullsrc=sample_rate={SAMPLE_RATE}:channel_layout=stereo"),
    };
    format!(
        "{source},aformat=sample_fmts=fltp:sample_rates={SAMPLE_RATE}:channel_layouts=stereo,apad,atrim=end_sample={samples},\
         asetpts=PTS-STARTPTS[a{index}];"
    )
}

/// The largest even size of the clip's shape inside the frame.
fn fit(clip: (u32, u32), frame: (u32, u32)) -> (u32, u32) {
    let scale = (f64::from(frame.0) / f64::from(clip.0)).min(f64::from(frame.1) / f64::from(clip.1));
    // A side within two pixels of the frame's is the frame's: no hairlines of black.
    let side = |length: u32, most: u32| match (f64::from(length) * scale / 2.0).round() as u32 * 2 {
        near if near + 2 >= most => most,
        other => other.max(2),
    };
    (side(clip.0, frame.0), side(clip.1, frame.1))
}

fn concatenate(plan: &StitchPlan, graph: &mut String) {
    let count = plan.clips.len();
    for index in 0..count {
        add(graph, format_args!("[v{index}]"));
        if plan.sound {
            add(graph, format_args!("[a{index}]"));
        }
    }
    if plan.sound {
        add(graph, format_args!("concat=n={count}:v=1:a=1[v][a]"));
    } else {
        add(graph, format_args!("concat=n={count}:v=1:a=0[v]"));
    }
}

/// Each next clip begins `transition_frames` before what stands so far ends; so the offsets add up less and less of the clips' lengths.
fn cross(plan: &StitchPlan, transition: &str, graph: &mut String) {
    let shared = plan.transition_frames;
    let (seconds, samples) = (plan.rate.seconds_of(shared), plan.rate.samples_of(shared));
    let last = plan.clips.len() - 1;
    let mut length = plan.clips[0].frames;
    let name = |kind: char, index: usize| match index {
        0 => format!("{kind}0"),
        index if index == last => kind.to_string(),
        index => format!("{kind}x{index}"),
    };
    for (index, clip) in plan.clips.iter().enumerate().skip(1) {
        let offset = plan.rate.seconds_of(length - shared);
        let (before, after) = (name('v', index - 1), name('v', index));
        add(graph, format_args!("[{before}][v{index}]xfade=transition={transition}:duration={seconds:.6}:offset={offset:.6}[{after}];"));
        if plan.sound {
            let (before, after) = (name('a', index - 1), name('a', index));
            add(graph, format_args!("[{before}][a{index}]acrossfade=ns={samples}:c1=tri:c2=tri[{after}];"));
        }
        length += clip.frames - shared;
    }
    graph.pop();
}

fn add(graph: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing into a text cannot fail.
    let _ = graph.write_fmt(text);
}
