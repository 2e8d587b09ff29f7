//! Makes of a compiled browser half what a browser loads: `bindgen FILE.wasm FOLDER`.

use std::{env, error::Error};

use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(input), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("usage: bindgen FILE.wasm FOLDER".into());
    };
    Bindgen::new().input_path(input).web(true)?.typescript(false).out_name("reelgraph").generate(folder)?;
    Ok(())
}
