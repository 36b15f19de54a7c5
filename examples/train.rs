//! Trains the built-in models: `cargo run --release --features train --example train -- DATA OUT`.
use std::path::PathBuf;
fn main() {
    let args: Vec<PathBuf> = std::env::args().skip(1).map(PathBuf::from).collect();
    let scores = khabar::training::train_all(&args[0], &args[1], &khabar::training::Config::default(), &|line| {
        eprintln!("{line}")
    });
    match scores {
        Ok(scores) => {
            for s in scores {
                println!("{:50} {:.2}", s.name, s.value)
            }
        }
        Err(e) => eprintln!("{e}"),
    }
}
