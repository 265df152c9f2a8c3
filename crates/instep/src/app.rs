//! What every command has at hand.

use crate::exit::Failure;
use crate::out::Out;
use crate::places::Places;
use crate::settings::Settings;

/// One invocation.
pub(crate) struct App<'a> {
    pub(crate) places: Places,
    pub(crate) settings: Settings,
    pub(crate) out: &'a Out,
    /// The command's own name, for advice that repeats it.
    pub(crate) command: &'static str,
}

impl<'a> App<'a> {
    /// Reads the settings; opens nothing else.
    pub(crate) fn new(out: &'a Out, command: &'static str) -> Result<Self, Failure> {
        let places = Places::from_env()?;
        let settings = Settings::load(&places)?;
        Ok(Self { places, settings, out, command })
    }
}
