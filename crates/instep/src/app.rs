//! What every command has at hand.

use folders::options::Home;
use folders::roots::Surroundings;
use syncmgr::ItemId;

use crate::exit::Failure;
use crate::out::Out;
use crate::places::Places;
use crate::render::human::Names;
use crate::setup::Setup;
use crate::tools::ends;

/// One invocation.
pub(crate) struct App<'a> {
    pub(crate) places: Places,
    pub(crate) settings: Setup,
    pub(crate) out: &'a Out,
    /// The command's own name, for advice that repeats it.
    pub(crate) command: &'static str,
}

impl<'a> App<'a> {
    /// Reads the settings; opens nothing else.
    pub(crate) fn new(out: &'a Out, command: &'static str) -> Result<Self, Failure> {
        let places = Places::from_env()?;
        let settings = Setup::load(&places)?;
        Ok(Self { places, settings, out, command })
    }

    /// What an item and its sides are called, also when it is no longer set up.
    pub(crate) fn names(&self, item: &ItemId) -> Names {
        if let Some(pair) = self.settings.pair(item) {
            return Names::of(pair);
        }
        let unknown = Names::unknown(item.as_str());
        let names = match self.settings.said.item(item) {
            Some(of) => unknown.called(&of.name),
            None => unknown,
        };
        match ends(&self.settings.said, item) {
            Some(ends) => names.in_words_of(&ends),
            None => names,
        }
    }

    /// Where the handler of folder pairs keeps what it must remember.
    pub(crate) fn home(&self) -> Home {
        Home { pairs: self.places.pairs() }
    }

    /// What a pair's checks depend on besides itself.
    pub(crate) fn surroundings(&self, item: &ItemId) -> Surroundings {
        let others = self.settings.pairs.iter().filter(|pair| pair.item != *item);
        Surroundings {
            home_dir: self.places.home.clone(),
            other_roots: others.flat_map(|pair| [pair.a.path.clone(), pair.b.path.clone()]).collect(),
        }
    }
}
