//! Makes of a compiled browser half what a browser loads: `bindgen FILE.wasm FOLDER`.

use std::{env, error::Error, fs};

use walrus::{FunctionBuilder, FunctionKind, Module};
use wasm_bindgen_cli_support::Bindgen;

/// What is compiled into the table of functions of every type of view, but never called: waking up routes that are loaded lazily.
const NEVER_CALLED: &str = "hydrate_async";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(input), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("usage: bindgen FILE.wasm FOLDER".into());
    };
    let mut module = Module::from_buffer(&fs::read(input)?)?;
    empty(&mut module);
    Bindgen::new().input_module("reelgraph", module).web(true)?.typescript(false).out_name("reelgraph").generate(folder)?;
    Ok(())
}

/// Takes the code out of what is never called. A table keeps a linker from seeing that; it is 9 % of the file.
fn empty(module: &mut Module) {
    let named = |name: &Option<String>| name.as_ref().is_some_and(|name| name.contains(NEVER_CALLED));
    let functions: Vec<_> = module.funcs.iter_local().map(|(id, function)| (id, function.ty())).collect();
    for (id, signature) in functions {
        if !named(&module.funcs.get(id).name) {
            continue;
        }
        let signature = module.types.get(signature);
        let (parameters, results) = (signature.params().to_vec(), signature.results().to_vec());
        let locals = parameters.iter().map(|parameter| module.locals.add(*parameter)).collect();
        let mut body = FunctionBuilder::new(&mut module.types, &parameters, &results);
        body.func_body().unreachable();
        module.funcs.get_mut(id).kind = FunctionKind::Local(body.local_func(locals));
    }
}
