//! The whole program on real folders, as a person or a script meets it. Every test has a home of its own.

#![expect(clippy::expect_used, reason = "a test that cannot set its scene has failed")]

mod alerts;
mod asking;
mod author;
mod bad_input;
mod collections;
mod completions;
mod conflicts;
mod crash;
mod daemon;
mod damage;
mod documents;
mod extras;
mod guards;
mod guests;
mod hostile;
mod jobs;
mod links;
mod names;
mod odd;
mod one_line;
mod output;
mod preview;
mod programs;
mod resolve;
mod retention;
mod scene;
mod schedules;
mod serve;
mod stop;
mod store;
mod sync;
mod syncthing;
mod systemd;
mod tools;
mod upkeep;
mod watch;
