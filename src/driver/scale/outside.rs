//! Capacity that somebody else's tool launches: a command or a request reads what is in service, another one asks for a
//! total.

use crate::driver::ScaleTask;
use crate::driver::exec::Exec;
use crate::driver::scale::capacity;
use crate::driver::scale::capacity::Capacity;
use crate::driver::scale::launcher::Launcher;
use crate::driver::scale::launcher::Present;
use crate::driver::scale::launcher::Trouble;
use crate::driver::tool::Failed;
use crate::driver::tool::Tool;
use crate::driver::tool::Unread;
use crate::template::Text;

/// Who launches, behind a tool.
pub(super) struct Outside {
    tool: Tool,
    read: String,
    write: Text,
}

impl Outside {
    /// From what is authored.
    ///
    /// # Errors
    ///
    /// What is wrong with it, for people.
    pub(super) fn new(task: &ScaleTask, exec: &Exec) -> Result<Self, String> {
        let tool = Tool::new(&task.provider, exec);
        // Names of services and sites hold no character that a shell treats specially.
        let named = |name: &str| match name {
            "service" => Some(task.service.as_str()),
            "site" => Some(task.site.as_str()),
            _ => None,
        };
        let (read, write) = Tool::texts(&task.provider, named, "amounts")?;
        let found = Self { tool, read, write };
        found.tool.check(&found.read, &found.filled(""), None)?;
        Ok(found)
    }

    fn filled(&self, words: &str) -> String {
        let amounts = |name: &str| (name == "amounts").then_some(words);
        // That it names nothing else was looked at when it was taken.
        self.write.fill(amounts).finish().unwrap_or_else(|text| text.to_string())
    }
}

impl Launcher for Outside {
    async fn read(&self) -> Result<Present, Trouble> {
        let text = self.tool.told(&self.read).await.map_err(|unread| match unread {
            Unread::Silent(why) => Trouble::Silent(why),
            Unread::Refused(why) => Trouble::Refused(why),
        })?;
        let wrong = |why: String| Trouble::Refused(format!("`read` of {}: {why}", self.tool.name));
        Ok(Present { in_service: capacity::parse(&text).map_err(wrong)?, ..Present::default() })
    }

    async fn ask(&self, total: &Capacity) -> Result<(), Trouble> {
        let write = self.filled(&capacity::words(total));
        self.tool.done(&write, &capacity::lines(total)).await.map_err(|failed| match failed {
            Failed::Never(why) | Failed::Told(why) => Trouble::Refused(why),
            Failed::Unsent(why) | Failed::Later(why) => Trouble::Silent(why),
            Failed::Open(why) => Trouble::Open(why),
        })
    }
}
