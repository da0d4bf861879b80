//! What an HAProxy says of the servers of a backend, as it is read from its tables.

use std::collections::BTreeMap;

/// One server of a backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Server {
    /// As the backend calls it.
    pub(super) name: String,
    /// Its IP address, or its socket.
    pub(super) address: String,
    /// Its port; 0 where it has none.
    pub(super) port: u16,
    /// The weight that it has now.
    pub(super) weight: u32,
    /// The weight that its configuration gives it, which says how large it is beside the others of its site.
    pub(super) size: u32,
    /// Somebody took it out by hand or by configuration: it gets nobody new, whatever its weight.
    pub(super) is_out: bool,
    /// HAProxy itself holds it down, and why.
    pub(super) down: Option<String>,
    /// It gets users only when no other server is left.
    pub(super) is_backup: bool,
}

impl Server {
    /// What counts: nothing where it is out, or waits for the end of all others.
    pub(super) const fn effect(&self) -> u32 {
        if self.is_out || self.is_backup { 0 } else { self.weight }
    }

    /// Whether an authored place means this server: by name, by address, or by address and port.
    pub(super) fn is_at(&self, place: &str) -> bool {
        let Self { name, address, port, .. } = self;
        place == name
            || place == address
            || place == format!("{address}:{port}")
            || place == format!("[{address}]:{port}")
    }
}

/// How a backend shares users out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Backend {
    /// Its number there. A frontend may have the same name, and whoever asks by name is told of that one.
    pub(super) id: String,
    /// The name of the algorithm; empty where HAProxy does not tell.
    pub(super) algorithm: String,
    pub(super) servers: Vec<Server>,
}

/// `srv_admin_state`: the bits of maintenance and drain, forced, inherited, configured or by DNS. The one that is left
/// out, 0x40, says that its name was set at run time.
const OUT: u32 = 0x3f;

/// Reads `show servers state BACKEND`. The names of its columns stand in its own second line.
///
/// # Errors
///
/// It is no such table, for people.
pub(super) fn servers(text: &str) -> Result<Vec<Server>, String> {
    let mut lines = text.lines();
    let version = lines.next().unwrap_or_default();
    let Some(head) = lines.next().and_then(|line| line.strip_prefix("# ")).filter(|_| version.trim() == "1") else {
        return Err("it tells the state of its servers in a form that is not known here".to_owned());
    };
    let columns: Vec<&str> = head.split_whitespace().collect();
    let mut servers = Vec::new();
    for line in lines.filter(|line| !line.trim().is_empty()) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        servers.push(
            server(&columns, &fields).ok_or_else(|| format!("of its servers it says what can't be read: {line}"))?,
        );
    }
    Ok(servers)
}

/// The number of the backend, from the same table: `-1`, which stands for all of them, where it has no server.
pub(super) fn id(text: &str) -> &str {
    let first = text.lines().skip(2).find(|line| !line.trim().is_empty());
    first.and_then(|line| line.split_whitespace().next()).unwrap_or("-1")
}

fn server(columns: &[&str], fields: &[&str]) -> Option<Server> {
    let field = |name: &str| fields.get(columns.iter().position(|column| *column == name)?).copied();
    let number = |name: &str| field(name)?.parse::<u32>().ok();
    let is_out = number("srv_admin_state")? & OUT != 0;
    Some(Server {
        name: field("srv_name")?.to_owned(),
        address: field("srv_addr")?.to_owned(),
        port: field("srv_port").and_then(|port| port.parse().ok()).unwrap_or(0),
        weight: number("srv_uweight")?,
        size: number("srv_iweight")?,
        is_out,
        down: (number("srv_op_state")? == 0 && !is_out).then(|| "down".to_owned()),
        is_backup: false,
    })
}

/// What the other table says of one row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Row {
    /// The backend.
    pub(super) proxy: String,
    /// The server, or `BACKEND`.
    pub(super) name: String,
    /// `UP`, `DOWN`, `MAINT`, `DRAIN`, `no check`, and more of them with words behind.
    pub(super) status: String,
    pub(super) weight: u32,
    pub(super) is_backup: bool,
    /// The last check: `L4TOUT`, `L7STS/503`.
    pub(super) check: String,
    pub(super) algorithm: String,
}

impl Row {
    pub(super) fn is_out(&self) -> bool {
        self.status.starts_with("MAINT") || self.status.starts_with("DRAIN")
    }

    pub(super) fn is_down(&self) -> bool {
        self.status.starts_with("DOWN")
    }
}

/// Reads `show stat NUMBER`: CSV, of which the first line names the columns.
///
/// # Errors
///
/// It is no such table, for people.
pub(super) fn rows(text: &str) -> Result<Vec<Row>, String> {
    let odd = || "its statistics have a form that is not known here".to_owned();
    let mut lines = text.lines();
    let head = lines.next().and_then(|line| line.strip_prefix("# ")).ok_or_else(odd)?;
    let columns: Vec<String> = csv(head);
    if !["svname", "status", "weight"].iter().all(|name| columns.iter().any(|column| column == name)) {
        return Err(odd());
    }
    let mut rows = Vec::new();
    for line in lines.filter(|line| !line.trim().is_empty()) {
        let fields = csv(line);
        let field = |name: &str| {
            let at = columns.iter().position(|column| column == name);
            at.and_then(|at| fields.get(at)).map(String::as_str).unwrap_or_default()
        };
        // While a server starts slowly, `weight` is less than what was asked for; older versions tell nothing else.
        let weight = field("uweight").parse().or_else(|_| field("weight").parse()).unwrap_or(0);
        // A star says that the next check is on its way.
        let (status, code) = (field("check_status").trim_start_matches("* "), field("check_code"));
        let check = if code.is_empty() { status.to_owned() } else { format!("{status}/{code}") };
        rows.push(Row {
            proxy: field("pxname").to_owned(),
            name: field("svname").to_owned(),
            status: field("status").to_owned(),
            weight,
            is_backup: field("bck") == "1",
            check,
            algorithm: field("algo").to_owned(),
        });
    }
    Ok(rows)
}

/// A line of CSV: fields may stand in quotes, in which two quotes are one.
fn csv(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut is_quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if is_quoted && chars.peek() == Some(&'"') => {
                chars.next();
                fields.last_mut().into_iter().for_each(|field| field.push('"'));
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => fields.push(String::new()),
            _ => fields.last_mut().into_iter().for_each(|field| field.push(c)),
        }
    }
    fields
}

impl Backend {
    /// Both tables as one.
    pub(super) fn of(id: String, mut servers: Vec<Server>, rows: &[Row]) -> Self {
        let by_name: BTreeMap<&str, &Row> = rows.iter().map(|row| (row.name.as_str(), row)).collect();
        for server in &mut servers {
            let Some(row) = by_name.get(server.name.as_str()) else { continue };
            server.is_backup = row.is_backup;
            if let Some(down) = server.down.as_mut().filter(|_| !row.check.is_empty()) {
                down.clone_from(&row.check);
            }
        }
        let algorithm = by_name.get("BACKEND").map(|row| row.algorithm.clone()).unwrap_or_default();
        Self { id, algorithm, servers }
    }
}

#[cfg(test)]
mod tests {
    use super::Backend;
    use super::id;
    use super::rows;
    use super::servers;

    const STATE: &str = "1\n\
        # be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_port\n\
        3 be 1 s1 127.0.0.1 0 0 100 90 18001\n\
        3 be 2 s2 ::1 2 8 50 50 18002\n\
        3 be 3 s3 127.0.0.3 2 0 7 0 18003\n";
    const STAT: &str = "# pxname,svname,status,weight,bck,check_status,check_code,algo,uweight,\n\
        be,s1,DOWN,1,0,* L7STS,503,,100,\n\
        be,s2,DRAIN,50,0,,,,50,\n\
        be,s3,\"UP 1/2, \"\"soon\"\"\",7,1,,,,7,\n\
        be,BACKEND,UP,7,0,,,roundrobin,7,\n";

    #[test]
    fn both_tables_are_read_as_one() {
        let found = Backend::of(id(STATE).to_owned(), servers(STATE).unwrap(), &rows(STAT).unwrap());
        assert_eq!(found.algorithm, "roundrobin");
        let [s1, s2, s3] = found.servers.as_slice() else { panic!("{found:?}") };
        assert_eq!((s1.effect(), s1.size, s1.down.as_deref()), (100, 90, Some("L7STS/503")));
        assert_eq!((s2.effect(), s2.weight, s2.is_out, s2.down.as_deref()), (0, 50, true, None));
        assert_eq!((s3.effect(), s3.is_backup), (0, true));
        assert!(s1.is_at("s1") && s1.is_at("127.0.0.1") && s1.is_at("127.0.0.1:18001"));
        assert!(s2.is_at("[::1]:18002") && s2.is_at("::1") && !s2.is_at("127.0.0.1"));
        assert_eq!(rows(STAT).unwrap()[2].status, "UP 1/2, \"soon\"");
    }

    #[test]
    fn what_is_no_table_is_told() {
        for odd in ["", "1\n", "2\n# srv_name\n", "1\n# srv_name\ns1", "1\n# be_id be_name\n3 be\n"] {
            let found = servers(odd);
            assert!(found.is_err(), "{odd:?}: {found:?}");
        }
        assert!(rows("").is_err() && rows("# a,b\n").is_err());
    }
}
