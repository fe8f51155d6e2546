//! `flowql man`: the manual pages.

use clap::CommandFactory as _;
use clap_mangen::Man;

use crate::args::{self, Cli};
use crate::console::Output;
use crate::failure::{Failure, Status};

pub(super) fn run(args: &args::Man) -> Result<Status, Failure> {
    let command = Cli::command();
    if let Some(directory) = &args.dir {
        let written =
            std::fs::create_dir_all(directory).and_then(|()| clap_mangen::generate_to(command, directory));
        return match written {
            Ok(()) => Ok(Status::Good),
            Err(error) => Err(Failure::new(
                format!("cannot write the pages to `{}`: {error}", directory.display()),
                "check that the directory may be written",
            )),
        };
    }
    let mut page = Vec::new();
    Man::new(command).render(&mut page)?;
    let mut output = Output::new();
    output.text(&String::from_utf8_lossy(&page))?;
    output.finish()?;
    Ok(Status::Good)
}
