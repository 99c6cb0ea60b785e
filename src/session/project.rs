//! The project of a session: the folder it worked in, with a repository's worktrees folded into the repository.

/// Folders in which worktrees lie below their repository.
const BELOW: [&str; 3] = ["/.claude/worktrees/", "/.worktrees/", "/worktrees/"];

/// The end of a folder's name beside a repository that holds its worktrees: `tidings-worktrees/`.
const BESIDE: &str = "-worktrees/";

/// `/home/ada/atlas/.claude/worktrees/fix-7/src` is `/home/ada/atlas`; so are `.worktrees/`, `worktrees/` below a folder that is
/// not somebody's home, and `/home/ada/atlas-worktrees/fix-7`. Any other folder is its own project.
pub fn project_of(cwd: &str) -> &str {
    let mut project = cwd.trim_end_matches('/');
    if project.is_empty() {
        return cwd;
    }
    // A worktree of a worktree is of the same repository.
    loop {
        let below = BELOW.iter().find_map(|folder| {
            let at = cut(project, folder)?;
            (!project[..at].is_empty() && (*folder != "/worktrees/" || !is_home(&project[..at]))).then_some(at)
        });
        let beside = || cut(project, BESIDE).filter(|at| !project[..*at].ends_with('/') && *at > 0);
        match below.or_else(beside) {
            Some(at) => project = &project[..at],
            None => return project,
        }
    }
}

/// Where the folder begins, if a worktree's name follows it.
fn cut(path: &str, folder: &str) -> Option<usize> {
    path.find(folder).filter(|at| path.len() > at + folder.len())
}

/// `/home/ada`, `/Users/ada`, `/root`: a folder of worktrees there belongs to no repository that its path names.
fn is_home(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    matches!(parts[..], ["root"] | ["home" | "Users"] | ["home" | "Users", _])
}

#[cfg(test)]
mod tests {
    use super::project_of;

    #[test]
    fn worktrees_are_folded_into_their_repository() {
        for (cwd, project) in [
            ("/home/ada/atlas", "/home/ada/atlas"),
            ("/home/ada/atlas/", "/home/ada/atlas"),
            ("/home/ada/atlas/src", "/home/ada/atlas/src"),
            ("/home/ada/atlas/.claude/worktrees/fix-7", "/home/ada/atlas"),
            ("/home/ada/atlas/.claude/worktrees/fix-7/src/keep", "/home/ada/atlas"),
            ("/home/ada/atlas/.worktrees/fix", "/home/ada/atlas"),
            ("/home/ada/atlas-worktrees/fix", "/home/ada/atlas"),
            ("/home/ada/atlas/worktrees/fix", "/home/ada/atlas"),
            ("/home/ada/atlas-worktrees/fix/.worktrees/more", "/home/ada/atlas"),
            ("/home/ada/worktrees/fix", "/home/ada/worktrees/fix"),
            ("/root/worktrees/fix", "/root/worktrees/fix"),
            ("/home/ada/atlas/.worktrees", "/home/ada/atlas/.worktrees"),
            ("/worktrees/fix", "/worktrees/fix"),
            ("/home/ada/-worktrees/fix", "/home/ada/-worktrees/fix"),
            ("/", "/"),
            ("", ""),
        ] {
            assert_eq!(project_of(cwd), project, "{cwd}");
        }
    }
}
