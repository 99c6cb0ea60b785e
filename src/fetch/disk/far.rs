//! Far: whether a folder lies on another machine's disk, whose changes no event tells.

use std::path::Path;

/// File systems over a network; FUSE, whose events depend on what is behind it, and those of machines within machines.
const FAR: [&str; 14] = [
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "lustre", "gpfs", "beegfs", "virtiofs", "vboxsf",
    "ncpfs",
];

/// The kind of the file system that a folder lies on, if no event can be relied on there. `mounts` is what /proc/self/mounts
/// says: a device, a place and a kind a line, with white space in octal.
pub fn far<'m>(folder: &Path, mounts: &'m str) -> Option<&'m str> {
    let mounted = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        Some((plain(words.next()?), words.next()?))
    });
    // Of two at the same place the later one covers the earlier.
    let (_, kind) = mounted
        .filter(|(place, _)| folder.starts_with(place))
        .max_by_key(|(place, _)| Path::new(place).components().count())?;
    (FAR.contains(&kind) || kind.starts_with("fuse")).then_some(kind)
}

fn plain(place: &str) -> String {
    place.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_mount_says_whose_disk_it_is() {
        let mounts = "overlay / overlay rw 0 0\n\
                      server:/home /home nfs4 rw,vers=4.2 0 0\n\
                      tmpfs /home/ada/scratch tmpfs rw 0 0\n\
                      //nas/lab /mnt/the\\040lab cifs rw 0 0\n\
                      broken\n\
                      sshfs#host: /mnt/far fuse.sshfs rw 0 0\n";
        for (folder, kind) in [
            ("/var/lib", None),
            ("/home/ada/.claude/projects", Some("nfs4")),
            ("/homes", None),
            ("/home/ada/scratch/projects", None),
            ("/mnt/the lab/sessions", Some("cifs")),
            ("/mnt/far", Some("fuse.sshfs")),
        ] {
            assert_eq!(far(Path::new(folder), mounts), kind, "{folder}");
        }
        assert_eq!(far(Path::new("/home"), ""), None);
    }
}
