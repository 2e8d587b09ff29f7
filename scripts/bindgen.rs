//! Makes of a compiled browser half what a browser loads: `bindgen FILE.wasm FOLDER`.
//!
//! Functions marked `lazy` go into files of their own with everything that only they need; `split.js` loads them when they are called.

use std::{env, error::Error, fs, path::Path};

use wasm_bindgen_cli_support::Bindgen;
use wasm_split_cli_support::{Options, transform};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(input), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("usage: bindgen FILE.wasm FOLDER".into());
    };
    let folder = Path::new(&folder);
    let module = fs::read(&input)?;
    let main = folder.join("main.wasm");
    let mut options = Options::new(&module);
    options.output_dir = folder;
    options.main_out_path = &main;
    options.main_module = "./reelgraph.js";
    options.link_name = "./split.js";
    transform(options)?;
    Bindgen::new()
        .input_path(&main)
        .web(true)?
        .typescript(false)
        .keep_lld_exports(true)
        .demangle(false)
        .out_name("reelgraph")
        .generate(folder)?;
    fs::remove_file(main)?;
    Ok(())
}
