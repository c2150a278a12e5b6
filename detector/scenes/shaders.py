"""GLSL of the renderer: people and the room in one light, the shadows on the floor, and who covers which pixel."""

NOISE = """
float hash(vec3 p) { p = fract(p * 0.3183099 + vec3(.1, .17, .13)); p *= 17.0;
    return fract(p.x * p.y * p.z * (p.x + p.y + p.z)); }
float noise(vec3 x) { vec3 i = floor(x), f = fract(x); f = f * f * (3.0 - 2.0 * f);
    return mix(mix(mix(hash(i), hash(i + vec3(1,0,0)), f.x),
                   mix(hash(i + vec3(0,1,0)), hash(i + vec3(1,1,0)), f.x), f.y),
               mix(mix(hash(i + vec3(0,0,1)), hash(i + vec3(1,0,1)), f.x),
                   mix(hash(i + vec3(0,1,1)), hash(i + vec3(1,1,1)), f.x), f.y), f.z); }
float fbm(vec3 p) { return 0.6 * noise(p) + 0.3 * noise(p * 2.1) + 0.15 * noise(p * 4.3); }
"""

LIGHT = """
uniform vec3 eye;
vec3 lit(vec3 albedo, vec3 n, vec3 at, float gloss) {
    vec3 sun = normalize(vec3(-0.25, -0.55, 0.95));
    vec3 side = normalize(vec3(0.9, -0.25, 0.45));
    float sky = 0.5 + 0.5 * n.z;
    vec3 light = mix(vec3(0.20, 0.18, 0.165), vec3(0.50, 0.51, 0.53), sky);
    light += vec3(0.56, 0.54, 0.50) * max(dot(n, sun), 0.0) + vec3(0.20, 0.22, 0.26) * max(dot(n, side), 0.0);
    vec3 h = normalize(sun + normalize(eye - at));
    return albedo * light + gloss * pow(max(dot(n, h), 0.0), 24.0);
}
vec3 shown(vec3 linear) { return pow(clamp(1.14 * linear, 0.0, 1.0), vec3(1.0 / 2.2)); }
"""

PERSON_VERTEX = """#version 330
uniform mat4 clip; in vec3 at; in vec3 normal; in vec3 rest; in float part;
out vec3 v_at; out vec3 v_normal; out vec3 v_rest; flat out int v_part;
void main() {
    gl_Position = clip * vec4(at, 1.0); v_at = at; v_normal = normal; v_rest = rest; v_part = int(part + 0.5); }
"""

PERSON_FRAGMENT = (
    """#version 330
uniform vec3 palette[10]; uniform vec3 accent; uniform int pattern; uniform float seed; uniform sampler3D cloth;
in vec3 v_at; in vec3 v_normal; in vec3 v_rest; flat in int v_part; out vec4 colour;
"""
    + LIGHT
    + """
void main() {
    vec3 albedo = palette[v_part], n = normalize(v_normal), r = v_rest + seed;
    float gloss = 0.01;
    float fine = texture(cloth, r * 6.0).a - 0.5;   // cloth: slopes of smooth noise in rgb, the noise in a
    if (v_part == 2 || v_part == 3) {   // folds bend the normal, stretched along the limb
        vec3 fold = texture(cloth, r * vec3(1.3, 1.3, 0.8) + 0.05 * fine).rgb * 2.0 - 1.0;
        n = normalize(n - 0.38 * fold);
        albedo *= 1.0 + 0.10 * fine;
        if (v_part == 2) {
            if (pattern == 1 && fract(v_rest.z * 16.0) < 0.45) albedo = accent;
            if (pattern == 2) albedo = mix(albedo, accent, 0.5 * step(0.5, fract(v_rest.z * 11.0)) +
                                           0.4 * step(0.5, fract(v_rest.x * 11.0)));
            bool front = v_rest.y < 0.0;
            if (pattern == 3 && abs(v_rest.x) < 0.085 && front) albedo = accent;             // an open jacket
            if (pattern == 4 && abs(v_rest.x) < 0.09 && front && abs(v_rest.z - 1.27) < 0.07) albedo = accent;
            if (abs(v_rest.x) < 0.006 && front && pattern != 1) albedo *= 0.75;              // a row of buttons
        }
    }
    if (v_part == 1) {
        vec4 strand = texture(cloth, r * vec3(9.0, 9.0, 2.0));
        n = normalize(n + 0.5 * (strand.rgb - 0.5)); albedo *= 0.7 + 0.6 * strand.a; gloss = 0.04;
    }
    if (v_part == 0) { albedo *= 1.0 + 0.2 * fine; gloss = 0.03; }
    if (v_part == 4 || v_part > 6) gloss = 0.06;
    vec3 c = lit(albedo, n, v_at, gloss);
    float rim = 1.0 - abs(dot(n, normalize(eye - v_at)));
    c *= 1.0 - 0.35 * rim * rim * rim;                       // the sides see less of the lamps
    c *= 0.72 + 0.28 * smoothstep(0.0, 1.2, v_at.z);         // the floor and the neighbours take light away below
    colour = vec4(shown(c), 1.0);
}
"""
)

ROOM_VERTEX = """#version 330
uniform mat4 clip; in vec3 at; in vec3 normal; in vec3 tint; in float material;
out vec3 v_at; out vec3 v_normal; out vec3 v_tint; flat out int v_material;
void main() {
    gl_Position = clip * vec4(at, 1.0); v_at = at; v_normal = normal; v_tint = tint;
    v_material = int(material + 0.5); }
"""

ROOM_FRAGMENT = (
    """#version 330
in vec3 v_at; in vec3 v_normal; in vec3 v_tint; flat in int v_material; out vec4 colour;
"""
    + NOISE
    + LIGHT
    + """
void main() {
    vec3 a = v_tint, n = normalize(v_normal); float gloss = 0.0;
    if (v_material == 1) {           // floor tiles of 40 cm, each a little different, grout between
        vec2 t = v_at.xy / 0.4; vec2 f = abs(fract(t) - 0.5); vec3 cell = vec3(floor(t), 1.0);
        a *= 0.92 + 0.10 * hash(cell) + 0.10 * fbm(v_at * 9.0) - 0.05;
        float wide = clamp(length(fwidth(t)) * 0.7, 0.0, 0.4);
        a *= 1.0 - 0.25 * smoothstep(0.485 - wide, 0.495, max(f.x, f.y)) * (1.0 - wide);
        gloss = 0.05;
    } else if (v_material == 2) a *= 0.97 + 0.05 * fbm(v_at * 5.0);                       // plaster
    else if (v_material == 3) a *= 0.75 + 0.4 * fbm(vec3(v_at.x * 2.0, v_at.y * 2.0, v_at.z * 34.0)); // wood
    else if (v_material == 4) { a *= 0.9 + 0.15 * fbm(v_at * vec3(3.0, 3.0, 60.0)); gloss = 0.10; }   // steel
    vec3 c;
    if (v_material == 5) c = a;                                                          // lamps, screens, windows
    else {
        c = lit(a, n, v_at, gloss);
        if (abs(n.z) < 0.5) c *= 0.80 + 0.2 * smoothstep(0.0, 0.7, v_at.z);
        c *= 0.86 + 0.14 * sin(v_at.x * 1.1 + 0.8) * sin(v_at.y * 1.05 + 0.3) + 0.06;      // rows of lamps
    }
    colour = vec4(shown(c), 1.0);
}
"""
)

SHADOW_VERTEX = """#version 330
uniform vec3 slope; uniform vec4 floor_box; uniform float top; in vec3 at; out float v_height;
void main() { vec2 p = at.xy - slope.xy * at.z; v_height = at.z;
    gl_Position = vec4((p - floor_box.xy) / (floor_box.zw - floor_box.xy) * 2.0 - 1.0, 0.0, 1.0); }
"""

SHADOW_FRAGMENT = """#version 330
uniform float top; uniform vec3 channel; in float v_height; out vec4 colour;
void main() { if (v_height > top) discard; colour = vec4(channel, 1.0); }
"""

FLOOR_FRAGMENT = """#version 330
uniform sampler2D shadow; uniform vec4 floor_box; in vec3 v_at; in vec3 v_normal; in vec3 v_tint;
flat in int v_material; out vec4 colour;
void main() {
    vec2 uv = (v_at.xy - floor_box.xy) / (floor_box.zw - floor_box.xy);
    vec3 s = texture(shadow, uv).rgb;
    colour = vec4(vec3((1.0 - 0.28 * s.r) * (1.0 - 0.50 * s.b)), 1.0);
}
"""

MARK_FRAGMENT = """#version 330
uniform float mark; in vec3 v_at; out float colour;
void main() { colour = mark; }
"""
